#!/usr/bin/python3
"""slixmpp: nearly every extension is a plugin of its own, and used through that."""

import asyncio

import slixmpp
from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0048 import stanza as bookmarks

from lines import Refused, serve

PLUGINS = (
    'xep_0004 xep_0012 xep_0030 xep_0048 xep_0049 xep_0050 xep_0054 xep_0077 xep_0085 xep_0092 xep_0115 xep_0184'
    ' xep_0191 xep_0198 xep_0199 xep_0202 xep_0203 xep_0280 xep_0352'
).split()


async def answered(asked):
    try:
        return await asked
    except IqError as no:
        raise Refused(no.condition, no.etype) from no


class Person:
    client = None

    def __init__(self, tell):
        self.tell = tell

    def new_client(self, jid, password, ca, transport, mechanism=None):
        client = slixmpp.ClientXMPP(
            jid, password, sasl_mech=mechanism,
            plugin_config={
                'feature_mechanisms': {'unencrypted_plain': transport == 'plain'},
                'xep_0198': {'window': 1},
            },
        )
        client.ca_certs = ca
        client.roster.auto_authorize = None  # a person decides
        client.roster.auto_subscribe = False
        for plugin in PLUGINS:
            client.register_plugin(plugin)
        return client

    async def login(self, jid, password, host, port, ca, transport, mechanism=None, **_):
        client = self.new_client(jid, password, ca, transport, mechanism)
        self.client = client
        self.address = (host, port)
        self.how = {
            'plain': {'disable_starttls': True},
            'STARTTLS': {'force_starttls': True},
            'direct TLS': {'use_ssl': True},
        }[transport]
        self.listen(client)
        started = self.coming('session_start', failed_auth=self.refusal)
        client.connect(self.address, **self.how)
        await started
        # the library enables stream management beside the session, and loses count of what it sends meanwhile
        if 'stream_management' not in client.features and client['xep_0198'].enabled_out:
            await self.coming('sm_enabled')
        await client.get_roster()
        return {'jid': client.boundjid.full}

    async def register(self, jid, password, host, port, ca, transport, **_):
        """Makes an account on a connection of its own, and leaves (XEP-0077)."""
        client = self.new_client(jid, password, ca, transport)
        client['xep_0077'].create_account = True
        client._always_send_everything = True  # else it holds back even its own plugin's request before the login
        ended = asyncio.get_running_loop().create_future()

        async def form(_):
            query = client.Iq()
            query['type'] = 'set'
            query['register']['username'] = client.boundjid.user
            query['register']['password'] = password
            try:
                ended.set_result(await answered(query.send()))
            except Refused as no:
                ended.set_exception(no)

        client.add_event_handler('register', form)
        client.connect((host, port), **{
            'plain': {'disable_starttls': True}, 'STARTTLS': {'force_starttls': True}, 'direct TLS': {'use_ssl': True},
        }[transport])
        try:
            await asyncio.wait_for(ended, 10)
        finally:
            client.abort()

    async def logout(self):
        if self.client:
            await self.client.disconnect()
            self.client = None

    async def cut(self):
        gone = self.coming('disconnected')
        self.client.transport.abort()
        await gone

    async def resume(self):
        resumed = self.coming('session_resumed', sm_failed=lambda _: RuntimeError('not resumed'))
        self.client.connect(self.address, **self.how)
        await resumed

    async def roster(self):
        # not by get_roster: that has nothing in it when the server knows that the client has all of it
        request = self.client.make_iq_get()
        request.enable('roster')
        query = await answered(request.send())
        return [self.item(jid, entry) for jid, entry in query['roster']['items'].items()]

    async def setItem(self, jid, name=None, groups=()):
        await answered(self.client.update_roster(jid, name=name, groups=list(groups)))

    async def removeItem(self, jid):
        await answered(self.client.del_roster_item(jid))

    async def subscription(self, to, type):
        self.client.send_presence_subscription(pto=to, ptype=type)

    async def presence(self, type=None, show=None, status=None, priority=None):
        self.client.send_presence(ptype=type, pshow=show, pstatus=status, ppriority=priority)

    async def block(self, jid):
        await answered(self.client['xep_0191'].block({slixmpp.JID(jid)}))

    async def unblock(self, jid):
        await answered(self.client['xep_0191'].unblock({slixmpp.JID(jid)}))

    async def blocked(self):
        answer = await answered(self.client['xep_0191'].get_blocked())
        return [str(jid) for jid in answer['blocklist']['items']]

    async def message(self, to, id, body=None, state=None, receipt=False):
        message = self.client.make_message(mto=to, mbody=body, mtype='chat')
        message['id'] = id
        if state:
            message['chat_state'] = state
        message['request_receipt'] = receipt
        message.send()
        # its request for an acknowledgement overtakes the message: the one that comes with this covers it
        await self.ping()

    async def carbons(self):
        await answered(self.client['xep_0280'].enable())

    async def clientState(self, active):
        if active:
            self.client['xep_0352'].send_active()
        else:
            self.client['xep_0352'].send_inactive()

    async def info(self, to=None, node=None):
        info = (await answered(self.client['xep_0030'].get_info(jid=to or self.client.boundjid.bare, node=node)))['disco_info']
        return {
            'identities': [f'{category}/{kind}' for category, kind, _, _ in info['identities']],
            'features': list(info['features']),
        }

    async def items(self, to=None, node=None):
        answer = await answered(self.client['xep_0030'].get_items(jid=to, node=node))
        return [{'jid': str(jid), 'node': node, 'name': name} for jid, node, name in answer['disco_items']['items']]

    async def ping(self, to=None):
        await answered(self.client['xep_0199'].send_ping(to or self.client.boundjid.domain))

    async def version(self, to):
        version = (await answered(self.client['xep_0092'].get_version(to)))['software_version']
        return {'name': version['name'], 'version': version['version']}

    async def time(self, to):
        time = (await answered(self.client['xep_0202'].get_entity_time(to)))['entity_time']
        # not time['utc'] and time['tzo']: the library cannot read them with its own parser
        return {name: time._get_sub_text(name) for name in ('utc', 'tzo')}

    async def last(self, to):
        return {'seconds': (await answered(self.client['xep_0012'].get_last_activity(slixmpp.JID(to))))['last_activity']['seconds']}

    async def vcard(self, to):
        # cached otherwise
        answer = await answered(self.client['xep_0054'].get_vcard(slixmpp.JID(to), cached=False))
        return {'name': answer['vcard_temp']['FN']}

    async def setVcard(self, name):
        vcard = self.client['xep_0054'].make_vcard()
        vcard['FN'] = name
        await answered(self.client['xep_0054'].publish_vcard(vcard))

    async def setBookmark(self, jid, name):
        storage = bookmarks.Bookmarks()
        storage.add_conference(jid, 'romeo', name=name)
        await answered(self.client['xep_0049'].store(storage))

    async def bookmarks(self):
        answer = await answered(self.client['xep_0049'].retrieve('bookmarks'))
        return [
            {'jid': str(conference['jid']), 'name': conference['name']}
            for conference in answer['private']['bookmarks']['conferences']
        ]

    async def password(self, password, **_):
        await answered(self.client['xep_0077'].change_password(password))

    async def unregister(self, **_):
        await answered(self.client['xep_0077'].cancel_registration())

    async def commands(self, to):
        answer = await answered(self.client['xep_0050'].get_commands(jid=to))
        return [{'jid': str(jid), 'node': node, 'name': name} for jid, node, name in answer['disco_items']['items']]

    async def run(self, to, node, answers=None):
        send = self.client['xep_0050'].send_command
        command = (await answered(send(to, node)))['command']
        if command['status'] == 'executing':
            form = command['form']
            form['type'] = 'submit'
            for name, value in (answers or {}).items():
                form.get_fields()[name]['value'] = value
            command = (await answered(send(to, node, action='complete', payload=[form], sessionid=command['sessionid'])))['command']
        fields = command['form'].get_fields()
        return {'status': command['status'], 'fields': {name: field['value'] for name, field in fields.items()}}

    # -- what happens

    def coming(self, event, **faults):
        """A future of that event, or of one of those that make it impossible."""
        future = asyncio.get_running_loop().create_future()

        def came(value):
            if not future.done():
                future.set_result(value)

        self.client.add_event_handler(event, came, disposable=True)
        for name, fault in faults.items():
            self.client.add_event_handler(
                name, lambda reason, fault=fault: future.done() or future.set_exception(fault(reason)), disposable=True
            )
        return asyncio.wait_for(future, 10)

    @staticmethod
    def refusal(failure):
        return Refused(failure['condition'])

    def listen(self, client):
        client.add_event_handler('message', self.heard)
        for state in ('active', 'composing', 'gone', 'inactive', 'paused'):
            client.add_event_handler(f'chatstate_{state}', self.written)
        client.add_event_handler('message_error', self.refused)
        client.add_event_handler('receipt_received', lambda m: self.tell('receipt', **{'from': str(m['from']), 'id': m['receipt']}))
        client.add_event_handler('carbon_received', lambda m: self.copied('received', m, m['carbon_received']))
        client.add_event_handler('carbon_sent', lambda m: self.copied('sent', m, m['carbon_sent']))
        client.add_event_handler('presence', self.presence_came)
        client.add_event_handler('presence_error', self.refused)
        client.add_event_handler('roster_update', self.pushed)
        client.add_event_handler('blocked', lambda iq: self.tell('block', jids=[str(jid) for jid in iq['block']['items']]))
        client.add_event_handler('unblocked', lambda iq: self.tell('unblock', jids=[str(jid) for jid in iq['unblock']['items']]))
        client.add_event_handler('stanza_acked', lambda stanza: self.tell('acknowledged', id=stanza['id']))

    def heard(self, message):
        if message['type'] == 'error':
            return
        stamp = message['delay']['stamp']
        self.tell('message', **{'from': str(message['from'])}, to=str(message['to']), id=message['id'], body=message['body'], sentAt=stamp.isoformat() if stamp else None)

    def written(self, message):
        if not message['body']:
            self.tell('message', **{'from': str(message['from'])}, id=message['id'], state=message['chat_state'])

    def copied(self, direction, message, copy):
        inner = copy  # the plugin gives the stanza within
        self.tell('carbon', direction=direction, by=str(message['from']), **{'from': str(inner['from'])}, to=str(inner['to']), body=inner['body'])

    def refused(self, stanza):
        self.tell('refusal', **{'from': str(stanza['from'])}, id=stanza['id'], condition=stanza['error']['condition'], type=stanza['error']['type'])

    def presence_came(self, presence):
        if presence['type'] == 'error':
            return
        kind, show = presence['type'], None
        if kind in ('away', 'chat', 'dnd', 'xa'):  # what slixmpp calls the type
            kind, show = 'available', kind
        caps = presence['caps']
        self.tell('presence', **{'from': str(presence['from'])}, type=kind, show=show, status=presence['status'] or None, priority=presence['priority'], caps=f"{caps['node']}#{caps['ver']}" if caps['node'] else None)

    def pushed(self, iq):
        if iq['type'] == 'set':
            for jid, entry in iq['roster']['items'].items():
                self.tell('roster', **self.item(jid, entry))

    @staticmethod
    def item(jid, entry):
        return {'jid': str(jid), 'name': entry['name'] or None, 'subscription': entry['subscription'], 'ask': entry['ask'] or None, 'groups': list(entry['groups'])}


asyncio.run(serve(Person))
