"""The world outside AWS, on the loopback: names and web servers that follow what Route 53 and CloudFront
say now, asked with boto3. Arguments: a directory for the CA's certificate, and the facts as JSON.

Names: a DNS server that answers CNAME questions from the hosted zone's records. Web: a proxy for
CONNECT that ends TLS itself, with certificates of its own CA. The standby's API is well once its service
runs; the customers' API once its name points to the standby; the web app once its origin does.
"""

import json
import pathlib
import socketserver
import ssl
import sys
import threading

import boto3
import dnslib
import trustme

directory = pathlib.Path(sys.argv[1])
facts = json.loads(sys.argv[2])
REGION = facts["region"]

authority = trustme.CA()
authority.cert_pem.write_to_path(directory / "ca.pem")
contexts = {}
lock = threading.Lock()


def context(host):
    with lock:
        if host not in contexts:
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(host).configure_cert(made)
            contexts[host] = made
        return contexts[host]


def client(service):
    return boto3.client(service, region_name=REGION)


def records():
    zone = facts["hosted_zone_id"]
    found = client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {record["Name"].rstrip("."): record for record in found if record["Type"] == "CNAME"}


def name_points_to_standby():
    record = records()[facts["api"]]
    return [value["Value"] for value in record["ResourceRecords"]] == [facts["dr_api"]]


def origin_is_standby():
    config = client("cloudfront").get_distribution(Id=facts["distribution_id"])
    origins = config["Distribution"]["DistributionConfig"]["Origins"]["Items"]
    return [origin["DomainName"] for origin in origins] == [facts["dr_app"]]


def standby_runs():
    found = client("ecs").describe_services(cluster=facts["cluster"], services=facts["services"])["services"]
    return all(service["runningCount"] >= 3 for service in found)


PAGES = {
    (facts["dr_api"], "/health"): standby_runs,
    (facts["api"], "/health"): lambda: name_points_to_standby() and standby_runs(),
    (facts["app"], "/status"): origin_is_standby,
}


class Web(socketserver.StreamRequestHandler):
    def head(self, stream):
        first = stream.readline().decode()
        while stream.readline().strip():
            pass
        return first.split()

    def handle(self):
        method, place, *_ = self.head(self.rfile)
        assert method == "CONNECT", method
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host = place.rsplit(":", 1)[0]
        with context(host).wrap_socket(self.connection, server_side=True) as secure:
            with secure.makefile("rwb") as stream:
                _, path, *_ = self.head(stream)
                is_well = PAGES.get((host, path), lambda: False)()
                status, body = ("200 OK", b"well") if is_well else ("503 Service Unavailable", b"lost")
                print(f"{host}{path} {status}", flush=True)
                head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                stream.write(head.encode() + body)


class Names(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        asked = dnslib.DNSRecord.parse(data)
        reply = asked.reply()
        name = str(asked.q.qname).rstrip(".").lower()
        found = records().get(name)
        if found:
            for value in found["ResourceRecords"]:
                answer = dnslib.RR(name, dnslib.QTYPE.CNAME, ttl=found["TTL"], rdata=dnslib.CNAME(value["Value"]))
                reply.add_answer(answer)
        else:
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        print(f"{name} {[str(rr.rdata) for rr in reply.rr]}", flush=True)
        sock.sendto(reply.pack(), self.client_address)


class WebServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


class NameServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


names = NameServer(("127.0.0.1", 0), Names)
threading.Thread(target=names.serve_forever, daemon=True).start()
web = WebServer(("127.0.0.1", 0), Web)
print(f"names on 127.0.0.1:{names.server_address[1]}", flush=True)
print(f"Running on http://127.0.0.1:{web.server_address[1]}", flush=True)
web.serve_forever()
