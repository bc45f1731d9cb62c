"""Creates the certificate of the local stack's TLS front. Runs in the virtual environment of the AWS tools, which contains `cryptography`.

    certificate.py FOLDER HOST ...

Two files are written to FOLDER. `ca.pem` is the certificate of a certificate authority (CA), which devices have to trust. `server.pem`
contains the server's key and its certificate for the hosts. Nothing is written if both files are valid for exactly these hosts and the
certificate does not end within RENEWAL.

The key of the CA is never stored. A device that trusts the CA therefore trusts only this one server certificate, and a copy of the folder cannot be used to issue other
certificates. Because the key is not stored, a renewal creates a new CA, which must be trusted again.
"""

import argparse
import datetime
import ipaddress
import os
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALIDITY = datetime.timedelta(days=90)
# A certificate is renewed if it ends within this time.
RENEWAL = datetime.timedelta(days=14)
# The validity begins this long before the certificate is created, because the clock of a phone may be behind the clock of this machine.
CLOCK_SKEW = datetime.timedelta(hours=24)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("hosts", nargs="+", metavar="HOST", help="host name or IP address of the server")
    arguments = parser.parse_args()
    now = datetime.datetime.now(datetime.UTC)
    if not is_current(arguments.folder, arguments.hosts, now):
        create(arguments.folder, arguments.hosts, now)


def is_current(folder, hosts, now):
    """Returns whether the folder has a valid key and server certificate. The certificate must be for exactly these hosts, be issued by the folder's
    CA, and not end within RENEWAL."""
    try:
        content = (folder / "server.pem").read_bytes()
        server, key = x509.load_pem_x509_certificate(content), serialization.load_pem_private_key(content, password=None)
        server.verify_directly_issued_by(x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes()))
        names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, InvalidSignature, x509.ExtensionNotFound):
        return False
    if server.public_key() != key.public_key():
        return False
    return names == alternative_names(hosts) and server.not_valid_before_utc <= now < server.not_valid_after_utc - RENEWAL


def create(folder, hosts, now):
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    # The date distinguishes the CA from an earlier one that a device may still trust.
    ca_name = name_of(f"myPhoto local stack, {now:%d %B %Y %H:%M:%S}")
    ca = (
        unsigned(ca_name, ca_name, ca_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        unsigned(name_of(hosts[0]), ca_name, key.public_key(), now)
        .add_extension(alternative_names(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(digital_signature=True), critical=True)
        # Apple's systems require this extension.
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    folder.mkdir(parents=True, exist_ok=True)
    # The server's file is written last. If the script is interrupted between the two writes, the server's certificate is missing or was
    # issued by an earlier CA. The next run notices this and creates both files again.
    write(folder / "ca.pem", ca.public_bytes(serialization.Encoding.PEM), 0o644)
    write(folder / "server.pem", private + server.public_bytes(serialization.Encoding.PEM), 0o600)


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def unsigned(subject, issuer, public_key, now):
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key).serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - CLOCK_SKEW).not_valid_after(now + VALIDITY)


def alternative_names(hosts):
    return x509.SubjectAlternativeName([alternative_name(host) for host in hosts])


def alternative_name(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def key_usage(**used):
    fields = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
    return x509.KeyUsage(**{field: used.get(field, False) for field in fields}, encipher_only=False, decipher_only=False)


def write(path, content, mode):
    """Replaces a file. Sets the file's mode before its content is written, so that nobody else can read a key."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)


if __name__ == "__main__":
    main()
