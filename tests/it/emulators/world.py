"""The world outside AWS, on the loopback: names and web servers that follow what Route 53 and CloudFront
say now, asked with boto3. Arguments: a directory for the CA's certificate, and the facts as JSON.

Names: a DNS server that answers CNAME questions from the records of `zone`. Web: a proxy for CONNECT that
ends TLS itself, with certificates of its own CA. `pages` are addresses without `https://`, each with what
AWS must say for it to be well: `ask`, `in`, `with`, `query` (JMESPath) and `is`; or a `name` and what it `is`; or
`leads_to`, a name: whatever makes well the page of what it leads to.
"""

import json
import pathlib
import socketserver
import ssl
import sys
import threading

import boto3
import dnslib
import jmespath
import trustme

directory = pathlib.Path(sys.argv[1])
facts = json.loads(sys.argv[2])

authority = trustme.CA()
authority.cert_pem.write_to_path(directory / "ca.pem")
contexts = {}
clients = {}
lock = threading.Lock()


def context(host):
    with lock:
        if host not in contexts:
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(host).configure_cert(made)
            contexts[host] = made
        return contexts[host]


def client(service, region):
    # To make one takes longer than to ask it, and two at once disturb each other.
    with lock:
        if (service, region) not in clients:
            clients[service, region] = boto3.client(service, region_name=region)
        return clients[service, region]


def records():
    """The zone's aliases, by name; of a pair that fails over the one that its health check leaves."""
    if not facts.get("zone"):
        return {}
    there = client("route53", "us-east-1")
    found = {}
    for record in there.list_resource_record_sets(HostedZoneId=facts["zone"])["ResourceRecordSets"]:
        if record["Type"] != "CNAME":
            continue
        name = record["Name"].rstrip(".")
        check = record.get("HealthCheckId")
        if check and there.get_health_check(HealthCheckId=check)["HealthCheck"]["HealthCheckConfig"].get("Inverted"):
            continue
        if record.get("Failover") != "SECONDARY" or name not in found:
            found[name] = record
    return found


def holds(look):
    """Whether AWS now says what is wanted of it."""
    if "name" in look:
        return [value["Value"] for value in records()[look["name"]]["ResourceRecords"]] == [look["is"]]
    if "leads_to" in look:
        there = records()[look["leads_to"]]["ResourceRecords"][0]["Value"]
        return all(holds(one) for one in facts["pages"][there + "/health"])
    service, method = look["ask"].split(".")
    said = getattr(client(service, look["in"]), method)(**look.get("with", {}))
    return jmespath.search(look["query"], said) == look["is"]


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
                looks = facts["pages"].get(host + path)
                is_well = looks is not None and all(holds(look) for look in looks)
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
