"""A throw-away LDAP server: Debian's slapd, as the current user, on free ports, with a certificate made for it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BASE = "dc=hospital,dc=example"
SEARCHER = f"cn=xunzhi,{BASE}"
SEARCHER_PASSWORD = "search-only"

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
TLSCertificateFile {folder}/certificate.pem
TLSCertificateKeyFile {folder}/key.pem
security {security}
database mdb
suffix "{base}"
rootdn "cn=root,{base}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{searcher}" read by * none
"""

ENTRY = """
dn: uid={uid},{base}
objectClass: inetOrgPerson
uid: {uid}
cn: {uid}
sn: {uid}
userPassword: {password}
{code}
"""


def binary() -> str | None:
    """Where slapd is; Debian puts it where only root looks."""
    return shutil.which("slapd") or shutil.which("slapd", path="/usr/sbin:/usr/local/sbin:/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Slapd:
    """`with Slapd(folder, {"zhang": ("password", "S001")}) as server`: entries with password and staff number."""

    def __init__(self, folder: Path, entries: dict[str, tuple[str, str]], security: str = "ssf=0"):
        self.folder = folder
        self.ldap, self.ldaps = (f"{kind}://127.0.0.1:{free_port()}" for kind in ("ldap", "ldaps"))
        self.certificate = folder / "certificate.pem"
        (folder / "data").mkdir()
        _certify(folder)
        self.config = folder / "slapd.conf"
        self.config.write_text(CONFIG.format(folder=folder, base=BASE, searcher=SEARCHER, security=security))
        ldif = folder / "entries.ldif"
        ldif.write_text(_ldif(entries))
        subprocess.run([self._tool("slapadd"), "-f", self.config, "-l", ldif], check=True, capture_output=True)

    def _tool(self, name: str) -> str:
        found = binary()
        assert found, "slapd is not installed"
        return str(Path(found).with_name(name))

    def __enter__(self) -> Slapd:
        command = [self._tool("slapd"), "-h", f"{self.ldap}/ {self.ldaps}/", "-f", self.config, "-d", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        for address in (self.ldap, self.ldaps):
            while time.monotonic() < until:
                try:
                    socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait(10)


def _ldif(entries: dict[str, tuple[str, str]]) -> str:
    top = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: hospital\no: hospital\n"
    searcher = (
        f"\ndn: {SEARCHER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
        f"cn: xunzhi\nuserPassword: {SEARCHER_PASSWORD}\n"
    )
    people = [
        ENTRY.format(uid=uid, base=BASE, password=password, code=f"employeeNumber: {code}" if code else "").rstrip()
        for uid, (password, code) in entries.items()
    ]
    return top + searcher + "\n".join(people) + "\n"


def _certify(folder: Path) -> None:
    """A certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
