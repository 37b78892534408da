"""Reads a directory with Microsoft's Graph client for Python, as plain JSON, and tells what that cost this process.

The request adapter, the middleware, the token provider and the link following are the client's own; its typed models are left out,
because they alone cost several milliseconds of CPU an object. Everything that is read is kept until the end, as a comparison
needs it, unless `--drop` is given. What imports cost is told apart.
"""

import asyncio
import json
import resource
import sys
import time

from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator, BaseBearerTokenAuthenticationProvider
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph.graph_request_adapter import GraphRequestAdapter

PROPERTIES = (
    "id,accountEnabled,givenName,surname,preferredLanguage,officeLocation,jobTitle,mail,department,usageLocation,"
    "userPrincipalName,employeeId,companyName,employeeType,employeeHireDate,city,country"
)


def cpu():
    """User and system time of this process so far, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak():
    """Peak of resident memory of this program, in MiB. `ru_maxrss` would also hold what the process was before it became this program."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


class Token(AccessTokenProvider):
    """A token that is there already: asking for one is the same for everybody."""

    def __init__(self, token):
        self.token = token

    async def get_authorization_token(self, uri, additional_authentication_context=None):
        return self.token

    def get_allowed_hosts_validator(self):
        return AllowedHostsValidator([])


class Reader:
    def __init__(self, origin, token, keep):
        self.adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(Token(token)))
        self.adapter.base_url = origin + "/v1.0"
        self.keep = keep
        self.requests = 0

    async def get(self, url):
        request = RequestInformation()
        request.http_method = Method.GET
        request.url = url
        request.headers.add("Accept", "application/json")
        request.headers.add("ConsistencyLevel", "eventual")
        self.requests += 1
        return json.loads(await self.adapter.send_primitive_async(request, "bytes", {}))

    async def read(self, path, options):
        """All of a collection. Answers how many rows it has, and the rows, if they are kept."""
        url = self.adapter.base_url + path + "?" + options + "&$top=999&$count=true"
        count, kept = 0, []
        while url:
            page = await self.get(url)
            count += len(page["value"])
            if self.keep:
                kept.extend(page["value"])
            url = page.get("@odata.nextLink")
        return count, kept


async def main():
    settings = json.load(sys.stdin)
    imports = cpu()
    reader = Reader(settings["origin"], settings["token"], "--drop" not in sys.argv)
    begun = time.monotonic()
    people = await reader.read("/users", "$select=" + PROPERTIES + "&$expand=manager($select=id)")
    path = "/groups/{}/transitiveMembers/microsoft.graph.user"
    members = [await reader.read(path.format(group), "$select=id") for group in settings["groups"]]
    told = {
        "people": people[0],
        "managers": sum(1 for person in people[1] if person.get("manager")),
        "members": sum(group[0] for group in members),
        "requests": reader.requests,
        "wallSeconds": time.monotonic() - begun,
        "cpuSeconds": cpu() - imports,
        "importCpuSeconds": imports,
        "peakMib": peak(),
    }
    print(json.dumps(told))


asyncio.run(main())
