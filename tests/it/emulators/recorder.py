"""Stands before an emulator, passes every request on, and says which operation each one was.

Argument: the emulator's address.
"""

import http.client
import http.server
import sys
import urllib.parse

upstream = urllib.parse.urlsplit(sys.argv[1]).netloc


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def operation(self, body):
        target = self.headers.get("X-Amz-Target")
        if target:
            return target.rsplit(".", 1)[-1]
        if b"Action=" in body:
            return urllib.parse.parse_qs(body.decode())["Action"][0]
        if "/operation/" in self.path:
            return self.path.rsplit("/", 1)[-1]
        return f"{self.command} {self.path}"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        print(f"asked {self.operation(body)}", flush=True)
        there = http.client.HTTPConnection(upstream)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        there.request(self.command, self.path, body, headers)
        answer = there.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        there.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = pass_on

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
print(f"Running on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
