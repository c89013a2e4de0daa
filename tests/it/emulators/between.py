"""Stands before an emulator, passes every request on, and says which operation each one was.

Arguments: the emulator's address; as JSON, what it lacks and what stands in for it (a list, may be left
out); the access key for calls of its own; as JSON, where the emulators are, for calls elsewhere (`at`).

One that stands in: `at` (the operation, a regular expression), `where` (in the request; its named groups
are kept for <name> in what follows), `after` (an earlier request; of several that fit, the one whose
`after` came last), and one of `answer` (instead of the emulator), `edit` (of the emulator's answer; with
`ask_too`, which is put behind the request) or `program`; `then` are calls made at the emulator, as the service would change its world.
"""

import http.client
import http.server
import json
import re
import sys
import threading
import urllib.parse
import xml.etree.ElementTree

upstream = urllib.parse.urlsplit(sys.argv[1]).netloc
stand_ins = json.loads(sys.argv[2]) if len(sys.argv) > 2 else []
key = sys.argv[3] if len(sys.argv) > 3 else "test"
emulators = json.loads(sys.argv[4]) if len(sys.argv) > 4 else {}
lock = threading.Lock()
history = []
kept = {}


def filled(text):
    return re.sub(r"<([a-z_]+)>", lambda found: kept.get(found[1], found[0]), text)


def operation(method, path, target, body):
    if target:
        return target.rsplit(".", 1)[-1]
    if "Action=" in body:
        return urllib.parse.parse_qs(body).get("Action", [""])[0]
    if "/operation/" in path:
        return path.rsplit("/", 1)[-1]
    return f"{method} {path}"


def chosen(asked, request):
    """The number and text of what stands in for this request, if anything does."""
    best = None
    for number, one in enumerate(stand_ins):
        found = re.search(one.get("where", ""), request)
        if not re.fullmatch(one["at"], asked) or not found:
            continue
        since = [place for place, earlier in enumerate(history) if re.search(one.get("after", ""), earlier)]
        if "after" in one and not since:
            continue
        came = since[-1] if "after" in one else -1
        if best is None or came > best[0]:
            best = (came, number, found.groupdict())
    if best is None:
        return None
    kept.update({name: value for name, value in best[2].items() if value is not None})
    return best[1], stand_ins[best[1]]


def ask(method, path, body, headers):
    there = http.client.HTTPConnection(upstream)
    there.request(method, path, body, headers)
    answer = there.getresponse()
    content = answer.read()
    there.close()
    return answer, content


def test_dns_answer(path, headers):
    """What the name servers of a zone answer is what the zone's records are. The account is who signed."""
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)
    zone, name, kind = (asked[part][0] for part in ("hostedzoneid", "recordname", "recordtype"))
    _, content = ask("GET", f"/2013-04-01/hostedzone/{zone}/rrset", b"", {"Authorization": headers["Authorization"]})
    space = "{https://route53.amazonaws.com/doc/2013-04-01/}"
    values = []
    for record in xml.etree.ElementTree.fromstring(content).iter(space + "ResourceRecordSet"):
        if record.findtext(space + "Name").rstrip(".") == name.rstrip(".") and record.findtext(space + "Type") == kind:
            values = [value.text for value in record.iter(space + "Value")]
    entries = "".join(f"<RecordDataEntry>{value}</RecordDataEntry>" for value in values)
    return (
        f'<TestDNSAnswerResponse xmlns="{space[1:-1]}"><Nameserver>ns-1.example</Nameserver><RecordName>{name}</RecordName>'
        f"<RecordType>{kind}</RecordType><RecordData>{entries}</RecordData><ResponseCode>NOERROR</ResponseCode>"
        "<Protocol>UDP</Protocol></TestDNSAnswerResponse>"
    )


def make(calls):
    import boto3

    for call in calls:
        service, method = call["ask"].split(".")
        there = boto3.client(
            service, region_name=call["in"], endpoint_url=emulators.get(call.get("at"), f"http://{upstream}"),
            aws_access_key_id=key, aws_secret_access_key="secret",
        )
        getattr(there, method)(**json.loads(filled(json.dumps(call.get("with", {})))))


class Between(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def pass_on(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = raw.decode("utf-8", "replace")
        asked = operation(self.command, self.path, self.headers.get("X-Amz-Target"), body)
        request = f"{asked} {urllib.parse.unquote_plus(self.path)} {urllib.parse.unquote_plus(body)}"
        with lock:
            print(f"asked {asked}", flush=True)
            one = chosen(asked, request)
            history.append(request)
            if one and "then" in one[1]:
                make(one[1]["then"])
        number, one = one or (None, {})
        if "program" in one:
            self.say(number, 200, "text/xml", globals()[one["program"]](self.path, self.headers))
        elif "answer" in one:
            told = one["answer"]
            self.say(number, told.get("status", 200), told.get("type", "text/xml"), filled(told["body"]))
        else:
            self.forward(raw + one.get("ask_too", "").encode(), number, one.get("edit", []))

    def say(self, number, status, kind, text):
        print(f"stood in {number}", flush=True)
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def forward(self, raw, number, edits):
        anew = ("connection", "content-length")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in anew}
        if raw or "Content-Length" in self.headers:
            headers["Content-Length"] = str(len(raw))
        answer, content = ask(self.command, self.path, raw, headers)
        leave_out = ["connection", "content-length", "transfer-encoding", "date", "server"]
        if edits:
            text, count = content.decode(), 0
            for pattern, instead in edits:
                text, so_many = re.subn(pattern, filled(instead), text, flags=re.S)
                count += so_many
            content = text.encode()
            # It is the sum of what was written before.
            leave_out.append("x-amz-crc32")
            if count:
                print(f"stood in {number}", flush=True)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in leave_out:
                self.send_header(name, value)
        length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = pass_on

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Between)
print(f"Running on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
