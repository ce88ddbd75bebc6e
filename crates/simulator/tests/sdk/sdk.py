"""Microsoft's own client against the simulator.

Usage: python sdk.py SERVE [ARGUMENT ...]

SERVE is the `serve` example; it is started, used and ended. Needs msgraph-sdk and azure-identity.
Exits with 0 when everything was as Microsoft's libraries expect it.

azure-identity talks to authorities over TLS only, so a proxy with a certificate made on the spot stands
before the token endpoint; Graph itself is read over plain HTTP.
"""

import asyncio
import datetime
import http.client
import http.server
import ipaddress
import json
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path

from azure.identity.aio import ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.password_profile import PasswordProfile
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.user import User
from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph_core import PageIterator
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

STAFF = "00000000-0000-4000-8000-000000900001"
FIRST_USER = "00000000-0000-4000-8000-000000000001"


def certificate(folder):
    """A certificate of 127.0.0.1 and its key, as files."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = Path(folder) / "chain.pem", Path(folder) / "key.pem"
    chain.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(chain), str(secret)


def tls_proxy(target, chain, secret):
    """Serves `target` over TLS on a free port; gives the port."""
    where = urllib.parse.urlsplit(target)

    class Forward(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items()}
            headers["X-Forwarded-Proto"] = "https"
            inner = http.client.HTTPConnection(where.hostname, where.port)
            inner.request(self.command, self.path, body, headers)
            answer = inner.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = forward

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forward)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def graph_client(credential, url):
    """The SDK's client with the simulator in the place of graph.microsoft.com."""
    host = urllib.parse.urlsplit(url).hostname
    provider = AzureIdentityAuthenticationProvider(
        credential,
        scopes=["https://graph.microsoft.com/.default"],
        allowed_hosts=[host],
    )
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = f"{url}/v1.0"
    return GraphServiceClient(request_adapter=adapter), adapter


async def list_users(graph, adapter):
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "displayName", "accountEnabled"], top=50
    )
    first = await graph.users.get(RequestConfiguration(query_parameters=query))
    assert len(first.value) == 50, len(first.value)
    assert first.value[0].account_enabled is True
    assert first.value[0].user_principal_name is None, "it was not selected"
    names = []

    def visit(user):
        names.append(user.display_name)
        return True

    await PageIterator(first, adapter).iterate(visit)
    assert len(names) == 250, len(names)


async def read_members(graph):
    members = await graph.groups.by_group_id(STAFF).members.get()
    assert len(members.value) == 100, len(members.value)
    assert all(isinstance(member, User) for member in members.value), "by @odata.type"
    assert members.odata_next_link


async def read_delta(graph):
    builder = graph.users.delta
    query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=["displayName", "city"])
    page = await builder.get(RequestConfiguration(query_parameters=query))
    count = len(page.value)
    while page.odata_next_link:
        page = await builder.with_url(page.odata_next_link).get()
        count += len(page.value)
    assert count == 250, count
    link = page.odata_delta_link
    page = await builder.with_url(link).get()
    assert page.value == [], page.value
    city = User(city="Bern")
    await graph.users.by_user_id(FIRST_USER).patch(city)
    page = await builder.with_url(page.odata_delta_link).get()
    assert [user.city for user in page.value] == ["Bern"], page.value


async def write_users(graph):
    new = User(
        account_enabled=True,
        display_name="Zoe",
        mail_nickname="zoe",
        user_principal_name="zoe@contoso.com",
        password_profile=PasswordProfile(password="not to be kept"),
    )
    zoe = await graph.users.post(new)
    one = graph.users.by_user_id(zoe.id)
    await one.patch(User(job_title="Owl"))
    assert (await one.get()).job_title == "Owl"
    reference = ReferenceCreate(
        odata_id=f"https://graph.microsoft.com/v1.0/directoryObjects/{zoe.id}"
    )
    await graph.groups.by_group_id(STAFF).members.ref.post(reference)
    await one.delete()
    try:
        await one.get()
        raise AssertionError("a deleted user is not found")
    except ODataError as error:
        assert error.response_status_code == 404, error
        assert error.error.code == "Request_ResourceNotFound", error.error.code
    deleted = graph.directory.deleted_items
    bin_page = await deleted.graph_user.get()
    assert [user.id for user in bin_page.value] == [zoe.id], bin_page.value
    restored = await deleted.by_directory_object_id(zoe.id).restore.post(None)
    assert restored.id == zoe.id
    assert (await one.get()).display_name == "Zoe"


async def read_audits(graph, client_id):
    audits = await graph.audit_logs.directory_audits.get()
    activities = [row.activity_display_name for row in audits.value]
    for activity in ("Add user", "Update user", "Add member to group", "Delete user", "Restore user"):
        assert activity in activities, activities
    added = next(row for row in audits.value if row.activity_display_name == "Add user")
    assert added.initiated_by.app.app_id == client_id
    assert added.target_resources[0].display_name == "Zoe"


async def send_batch(graph, adapter):
    content = BatchRequestContent()
    version = adapter.base_url
    urls = (graph.users.to_get_request_information(), graph.groups.to_get_request_information())
    for place, information in enumerate(urls):
        item = BatchRequestItem(information, id=str(place))
        # The library leaves the url absolute, which $batch refuses (msgraph-sdk-python issue 1015).
        item.url = item.url.removeprefix(version)
        content.add_request(item.id, item)
    answer = await graph.batch.post(content)
    statuses = {place: item.status for place, item in answer.responses.items()}
    assert statuses == {"0": 200, "1": 200}, statuses


async def check(told):
    with tempfile.TemporaryDirectory() as folder:
        chain, secret = certificate(folder)
        port = tls_proxy(told["url"], chain, secret)
        credential = ClientSecretCredential(
            told["tenant_id"],
            told["client_id"],
            told["client_secret"],
            authority=f"https://127.0.0.1:{port}",
            disable_instance_discovery=True,
            connection_verify=chain,
        )
        async with credential:
            graph, adapter = graph_client(credential, told["url"])
            await list_users(graph, adapter)
            await read_members(graph)
            await send_batch(graph, adapter)
            await read_delta(graph)
            await write_users(graph)
            await read_audits(graph, told["client_id"])


def main():
    server = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
    try:
        asyncio.run(check(json.loads(server.stdout.readline())))
    finally:
        server.terminate()
        server.wait()
    sys.stdout.write("Microsoft's client is content with the simulator\n")


if __name__ == "__main__":
    main()
