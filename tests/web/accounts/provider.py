"""A small OpenID provider over HTTP: discovery, keys, codes with PKCE, tokens that it really signs."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT = "xunzhi"
SECRET = "between-us"


class Provider:
    """`with Provider() as provider`: `person` is who signs in; `spoil` changes ID tokens before they are signed."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = "first"
        self.person: dict[str, Any] = {"sub": "42", "employee_number": "S006"}
        self.more: dict[str, Any] = {"sub": "42"}
        self.spoil: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.asked: dict[str, dict[str, str]] = {}
        self.refusals: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.calls_itself = self.issuer

    def __enter__(self) -> Provider:
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.calls_itself,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/me",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """What the provider does when the person agrees: back with a code."""
        code = secrets.token_urlsafe(8)
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"

    def token(self, form: dict[str, str], credentials: str) -> dict[str, Any] | None:
        asked = self.asked.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        wrong = {
            "code": asked is None,
            "client": credentials != base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode(),
            "pkce": asked is None or challenge.rstrip(b"=").decode() != asked["code_challenge"],
            "method": asked is None or asked["code_challenge_method"] != "S256",
            "redirect": asked is None or form.get("redirect_uri") != asked["redirect_uri"],
        }
        self.refusals += [name for name, is_wrong in wrong.items() if is_wrong]
        if asked is None or any(wrong.values()):
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {name: said for name, said in {**claims, **self.person, **self.spoil}.items() if said is not None}
        key = self.key if self.algorithm == "RS256" else "x" * 64
        if self.algorithm == "none":
            key = None
        signed = jwt.encode(claims, key, algorithm=self.algorithm, headers={"kid": self.kid})
        return {"access_token": "opener", "token_type": "Bearer", "id_token": signed}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(query))
                self.end_headers()
                return
            pages = {"/.well-known/openid-configuration": provider.configuration, "/keys": provider.keys}
            if url.path == "/me" and self.headers.get("Authorization") == "Bearer opener":
                self._say(provider.more)
            elif url.path in pages:
                self._say(pages[url.path]())
            else:
                self._say({"error": "not found"}, 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            given = provider.token(form, self.headers.get("Authorization", "").removeprefix("Basic "))
            self._say(given or {"error": "invalid_grant"}, 200 if given else 400)

        def _say(self, what: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            """Say nothing."""

    return Handler
