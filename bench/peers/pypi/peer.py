"""The PyPI package pywebpush, driven by the bench.

The first line says what to send to whom; then `check VARIANT` (answer: headers and body of one message) or `run VARIANT COUNT`
(answer: `done`). The bench measures this process from outside.

`webpush()` itself can only send. What is run here is the package's own steps up to the moment of sending: its session's
`post` is replaced by one that keeps what it is given, so nothing of the package is left out and nothing is added.
"""

import base64
import json
import sys
import time

from py_vapid import Vapid
from pywebpush import WebPusher, webpush


class Answer:
    status_code = 201
    reason = "Created"
    text = ""
    headers: dict = {}


class Session:
    """Stands where requests.Session would: what it is asked to post is the finished message."""

    def post(self, endpoint, timeout=None, data=None, headers=None):
        self.body = data
        self.headers = headers
        return Answer


def main():
    job = json.loads(sys.stdin.readline())
    subscription = {"endpoint": job["endpoint"], "keys": {"p256dh": job["p256dh"], "auth": job["auth"]}}
    key = Vapid.from_string(job["vapid_private"])
    payload = job["payload"]
    session = Session()
    extra = {"Urgency": "normal"}
    origin = "/".join(job["endpoint"].split("/")[:3])

    def signed():
        # A new dict each time: the package writes the audience into the one that it is given.
        claims = {"sub": job["subject"]}
        webpush(subscription, payload, key, claims, ttl=86400, headers=extra, requests_session=session)

    claims = {"sub": job["subject"], "aud": origin, "exp": int(time.time()) + 12 * 3600}
    header = {**extra, **key.sign(claims)}

    def cached():
        WebPusher(subscription, requests_session=session).send(payload, header, ttl=86400)

    variants = {"signed": signed, "cached": cached}
    for line in sys.stdin:
        words = line.split()
        make = variants[words[1]]
        if words[0] == "check":
            make()
            headers = {name.lower(): str(value) for name, value in session.headers.items()}
            body = base64.urlsafe_b64encode(session.body).rstrip(b"=").decode()
            print(json.dumps({"headers": headers, "body": body}), flush=True)
        elif words[0] == "run":
            for _ in range(int(words[2])):
                make()
            print("done", flush=True)
        else:
            raise SystemExit(f"“{line.strip()}” is not understood")


main()
