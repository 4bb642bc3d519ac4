# SPDX-License-Identifier: Apache-2.0
"""A pailfs-s3d of our own and its control port."""
import http.client
import json
import subprocess
import time
import urllib.parse

ACCESS_KEY = "AKIABENCHMARK"
SECRET_KEY = "benchmark/secret+key"
REGION = "us-east-1"

# A server elsewhere computes its digests on processors of its own; here they would be taken from the mounters. While
# much is uploaded ETags are random-looking, as with SSE-KMS, and payload hashes are not compared; for everybody.
LIGHT_RULES = ("etag_not_md5", "no_payload_hash_check")


class Server:
    def __init__(self, program, directory):
        ready = f"{directory}/s3d.ready"
        command = [program, "--ready-file", ready, "--access-key", ACCESS_KEY, "--secret-key", SECRET_KEY,
                   "--tls-self-signed", directory]
        self._log = open(f"{directory}/s3d.log", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                                        start_new_session=True)
        line = self._wait_for(ready)
        words = dict(word.split("=", 1) for word in line.split() if "=" in word)
        self.endpoint = words["endpoint"]
        self.tls_endpoint = words["tls"]
        self.ca = f"{directory}/ca.crt"
        self._control = http.client.HTTPConnection(words["control"].split("//")[1], timeout=120)
        self._buckets = 0

    def _wait_for(self, ready):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with open(ready) as file:
                    return file.read()
            except FileNotFoundError:
                time.sleep(0.005)
        raise RuntimeError("pailfs-s3d did not start; see " + self._log.name)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self._log.close()

    def _ask(self, method, path, body=None, headers=None):
        self._control.request(method, path, body, headers or {})
        reply = self._control.getresponse()
        content = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"pailfs-s3d: {method} {path}: {content.decode().strip()}")
        return content

    def shape(self, latency_ms, bytes_per_second, light=False):
        """Delay of each reply, the bandwidth of each connection (0: as it comes), and whether digests are left out."""
        for rule in LIGHT_RULES:
            self._ask("POST", f"/rule?name={rule}&on={int(light)}")
        self._ask("POST", f"/latency?ms={latency_ms}")
        self._ask("POST", f"/bandwidth?connection={bytes_per_second}&total=0")

    def new_bucket(self):
        """Open to everybody: curl need not sign what it measures."""
        self._buckets += 1
        name = f"bench{self._buckets}"
        self._ask("POST", f"/bucket?name={name}&public=rw")
        return name

    def discard(self, bucket):
        """Content that stays would take the memory of the next run's."""
        self._ask("POST", f"/bucket/discard?name={bucket}")

    def put(self, bucket, key, content, headers=None):
        self._ask("PUT", f"/object/{bucket}/{urllib.parse.quote(key)}", content, headers)

    def synthetic(self, bucket, key, size, count=1, headers=None):
        """Objects whose content takes no memory; KEY000000 and so on when there are several."""
        query = urllib.parse.urlencode({"bucket": bucket, "key": key, "size": size, "count": count})
        self._ask("POST", f"/synthetic?{query}", headers=headers)

    def reset(self):
        self._ask("POST", "/reset")

    def stats(self):
        return json.loads(self._ask("GET", "/stats"))

    def log(self):
        return [json.loads(line) for line in self._ask("GET", "/log").decode(errors="replace").splitlines()]

    def settle(self, seconds, limit=60):
        """Waits until for so long no request has come and none is under way."""
        end = time.monotonic() + limit
        last, since = None, time.monotonic()
        while time.monotonic() < end:
            stats = self.stats()
            now = stats["requests_total"], stats["bytes_out"], stats["bytes_in"], stats["requests_now"]
            if now != last or now[3] > 0:
                last, since = now, time.monotonic()
            elif time.monotonic() - since >= seconds:
                return True
            time.sleep(0.01)
        return False
