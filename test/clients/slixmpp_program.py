#!/usr/bin/python3
"""A chat client on slixmpp. One JSON object a line: commands on stdin, answers and what happens on stdout."""

import asyncio
import json
import sys

import slixmpp


# What slixmpp calls a presence, and how the tests name it.
SHOWN = {'available': 'online', 'away': 'away', 'chat': 'chat', 'dnd': 'dnd', 'xa': 'xa', 'unavailable': 'offline'}


def tell(**fact):
    sys.stdout.write(json.dumps(fact) + '\n')
    sys.stdout.flush()


class Person:
    client = None

    async def online(self, jid, password, host, port, ca, certificate=None, key=None):
        client = slixmpp.ClientXMPP(f'{jid}/slixmpp', password)
        client.ca_certs = ca
        client.certfile, client.keyfile = certificate, key
        client.roster.auto_authorize = None  # a person decides
        client.roster.auto_subscribe = False
        for plugin in ('xep_0030', 'xep_0191', 'xep_0198', 'xep_0199', 'xep_0203'):
            client.register_plugin(plugin)
        client.add_event_handler('message', self.message)
        client.add_event_handler('message_error', self.refusal)
        client.add_event_handler('presence_subscribe', self.request)
        for show in SHOWN:
            client.add_event_handler(f'presence_{show}', self.presence)
        self.client = client
        ready = asyncio.get_running_loop().create_future()

        def started(_):
            if not ready.done():
                ready.set_result(None)

        def failed(reason):
            if not ready.done():
                ready.set_exception(RuntimeError(f'no login: {reason}'))

        client.add_event_handler('session_start', started)
        client.add_event_handler('failed_all_auth', failed)
        client.add_event_handler('ssl_invalid_chain', failed)
        client.connect((host, port), force_starttls=True)
        await asyncio.wait_for(ready, 15)
        await client.get_roster()
        client.send_presence()

    async def offline(self):
        await self.client.disconnect()
        self.client = None

    async def status(self, show=None, text=None):
        self.client.send_presence(pshow=show, pstatus=text)

    async def ask(self, to):
        self.client.send_presence_subscription(pto=to, ptype='subscribe')

    async def approve(self, to):
        self.client.send_presence_subscription(pto=to, ptype='subscribed')

    async def say(self, to, body):
        self.client.send_message(mto=to, mbody=body, mtype='chat')

    async def block(self, jid):
        await self.client['xep_0191'].block(jid)

    async def unblock(self, jid):
        await self.client['xep_0191'].unblock(jid)

    def message(self, stanza):
        if stanza['type'] in ('chat', 'normal'):
            stamp = stanza['delay']['stamp']
            tell(event='message', by=stanza['from'].bare, body=stanza['body'], delay=stamp.isoformat() if stamp else None)

    def refusal(self, stanza):
        tell(event='refusal', by=stanza['from'].bare, condition=stanza['error']['condition'])

    def request(self, stanza):
        tell(event='request', by=stanza['from'].bare)

    def presence(self, stanza):
        tell(event='presence', by=stanza['from'].bare, show=SHOWN[stanza['type']], status=stanza['status'])


async def main():
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(loop=loop)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    person = Person()
    while line := await commands.readline():
        command = json.loads(line)
        number, name = command.pop('id'), command.pop('do')
        try:
            tell(id=number, answer=await getattr(person, name)(**command))
        except Exception as fault:  # the driver decides what it means
            tell(id=number, fault=f'{type(fault).__name__}: {fault}')
    if person.client:
        await person.offline()


asyncio.run(main())
