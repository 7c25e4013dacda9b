#!/usr/bin/python3
"""aioxmpp: extensions are services of its own, and used through them."""

import asyncio
import logging
from datetime import timedelta

import aiosasl
import aioxmpp
import aioxmpp.adhoc
import aioxmpp.blocking
import aioxmpp.bookmarks.xso
import aioxmpp.carbons
import aioxmpp.chatstates
import aioxmpp.disco
import aioxmpp.dispatcher
import aioxmpp.entitycaps
import aioxmpp.ibr
import aioxmpp.mdr
import aioxmpp.ping
import aioxmpp.private_xml
import aioxmpp.protocol
import aioxmpp.roster
import aioxmpp.security_layer
import aioxmpp.ssl_transport
import aioxmpp.tracking
import aioxmpp.vcard
import aioxmpp.vcard.xso
import aioxmpp.version
from aioxmpp.connector import STARTTLSConnector, XMPPOverTLSConnector
from aioxmpp.structs import PresenceShow, PresenceType
from lxml import etree

from lines import Refused, serve

logging.disable(logging.CRITICAL)  # it logs every refusal with a trace

SHOW = {None: PresenceShow.NONE, **{show.value: show for show in PresenceShow if show.value}}


async def answered(asked):
    try:
        return await asked
    except aioxmpp.errors.XMPPError as no:
        raise Refused(no.condition.value[1], no.TYPE.value) from no


class PlainConnector(STARTTLSConnector):
    """The one of the library encrypts whenever that is offered; this does not."""

    async def connect(self, loop, metadata, domain, host, port, negotiation_timeout, base_logger=None):
        features = loop.create_future()
        stream = aioxmpp.protocol.XMLStream(to=domain, features_future=features)
        transport, _ = await aioxmpp.ssl_transport.create_starttls_connection(
            loop, lambda: stream, host=host, port=port, peer_hostname=host, server_hostname=domain, use_starttls=True,
        )
        stream.deadtime_hard_limit = timedelta(seconds=negotiation_timeout)
        return transport, stream, await features


CONNECTORS = {'plain': PlainConnector, 'STARTTLS': STARTTLSConnector, 'direct TLS': XMPPOverTLSConnector}


def gated(transport, gate):
    """A connector that waits until it may connect: the library comes back by itself, a person decides."""

    class Gated(CONNECTORS[transport]):
        async def connect(self, *args, **kwargs):
            await gate.wait()
            return await super().connect(*args, **kwargs)

    return Gated()


class OneMechanism(aioxmpp.security_layer.PasswordSASLProvider):
    def __init__(self, password, mechanism):
        async def provide(_, attempt):
            return password if attempt == 0 else None

        super().__init__(provide, max_auth_attempts=1)
        self.mechanism = mechanism

    def _find_supported(self, features, mechanism_classes):
        found, token = super()._find_supported(features, mechanism_classes)
        if self.mechanism is None:
            return found, token
        for candidate in mechanism_classes:
            token = candidate.any_supported([self.mechanism])
            if token is not None:
                return candidate, token
        return None, None


def security(password, ca, transport, mechanism):
    def context():
        made = aioxmpp.security_layer.default_ssl_context()
        made.load_verify_locations(ca)
        return made

    return aioxmpp.security_layer.SecurityLayer(
        context, aioxmpp.security_layer.PKIXCertificateVerifier, transport != 'plain', [OneMechanism(password, mechanism)],
    )


class Person:
    client = None

    def __init__(self, tell):
        self.tell = tell

    async def login(self, jid, password, host, port, ca, transport, mechanism=None, **_):
        self.gate = asyncio.Event()
        self.gate.set()
        client = aioxmpp.Client(
            aioxmpp.JID.fromstr(jid), security(password, ca, transport, mechanism),
            override_peer=[(host, port, gated(transport, self.gate))], max_initial_attempts=1,
        )
        client.backoff_start = timedelta(seconds=0.01)
        self.roster_client = client.summon(aioxmpp.RosterClient)
        self.blocking = client.summon(aioxmpp.blocking.BlockingClient)
        self.caps = client.summon(aioxmpp.entitycaps.EntityCapsService)
        self.receipts = client.summon(aioxmpp.mdr.DeliveryReceiptsService)
        for service in (aioxmpp.carbons.CarbonsClient, aioxmpp.adhoc.AdHocClient, aioxmpp.vcard.VCardService,
                        aioxmpp.private_xml.PrivateXMLService, aioxmpp.ibr.RegistrationService, aioxmpp.DiscoClient,
                        aioxmpp.version.VersionServer, aioxmpp.ping.PingService):
            client.summon(service)
        ready = asyncio.get_running_loop().create_future()
        client.on_stream_established.connect(lambda: ready.done() or ready.set_result(None))
        client.on_failure.connect(lambda fault: ready.done() or ready.set_exception(fault))
        self.listen_early(client)
        client.start()
        try:
            await asyncio.wait_for(ready, 10)
        except aiosasl.SASLError as no:
            # the condition comes as an element or as text, by kind of failure
            raise Refused(str(no.opaque_error).strip('()').split("'")[-2] if "'" in str(no.opaque_error) else str(no.opaque_error)) from no
        self.client = client
        self.listen(client)
        return {'jid': str(client.local_jid)}

    async def register(self, jid, password, host, port, ca, transport, **_):
        """Makes an account on a connection of its own, and leaves (XEP-0077)."""
        account = aioxmpp.JID.fromstr(jid)
        layer = security(password, ca, transport, None)
        _, stream, _ = await CONNECTORS[transport]().connect(
            asyncio.get_running_loop(), layer, account.domain, host, port, 10, base_logger=logging.getLogger('aioxmpp'))
        try:
            request = aioxmpp.IQ(
                to=account.replace(localpart=None, resource=None), type_=aioxmpp.IQType.SET,
                payload=aioxmpp.ibr.Query(account.localpart, password),
            )
            request.autoset_id()
            # not by ibr.register: that does not look whether the answer is an error
            answer = await aioxmpp.protocol.send_and_wait_for(stream, [request], [aioxmpp.IQ], timeout=10)
            if answer.type_ == aioxmpp.IQType.ERROR:
                raise Refused(answer.error.condition.value[1], answer.error.type_.value)
        finally:
            stream.close()

    async def logout(self):
        if self.client:
            gone = asyncio.get_running_loop().create_future()
            self.client.on_stopped.connect(lambda: gone.done() or gone.set_result(None))
            self.client.on_failure.connect(lambda _: gone.done() or gone.set_result(None))
            if not self.client.running:
                return
            self.client.stop()
            await asyncio.wait_for(gone, 10)
            self.client = None

    async def cut(self):
        gone = asyncio.get_running_loop().create_future()
        self.gate.clear()
        self.client.on_stream_suspended.connect(lambda _: gone.done() or gone.set_result(None))
        self.client.stream._xmlstream.transport._force_close(ConnectionError('cut'))
        await asyncio.wait_for(gone, 10)

    async def resume(self):
        resumed = asyncio.get_running_loop().create_future()
        self.client.on_stream_resumed.connect(lambda: resumed.done() or resumed.set_result(None))
        self.client.on_stream_destroyed.connect(
            lambda reason=None: resumed.done() or resumed.set_exception(RuntimeError(f'not resumed: {reason}')))
        self.gate.set()
        await asyncio.wait_for(resumed, 10)

    async def roster(self):
        return [self.item(item) for item in self.roster_client.items.values()]

    async def setItem(self, jid, name=None, groups=()):
        jid = aioxmpp.JID.fromstr(jid)
        known = self.roster_client.items.get(jid)
        now = {group for group in known.groups} if known else set()
        wanted = set(groups)
        await answered(self.roster_client.set_entry(
            jid, name=name, add_to_groups=wanted - now, remove_from_groups=now - wanted))

    async def removeItem(self, jid):
        await answered(self.roster_client.remove_entry(aioxmpp.JID.fromstr(jid)))

    async def subscription(self, to, type):
        self.client.enqueue(aioxmpp.Presence(type_=PresenceType(type), to=aioxmpp.JID.fromstr(to)))

    async def presence(self, type=None, show=None, status=None, priority=0):
        presence = aioxmpp.Presence(type_=PresenceType(type), show=SHOW[show])
        if status:
            presence.status[None] = status
        presence.priority = priority
        self.client.enqueue(presence)

    async def block(self, jid):
        await answered(self.blocking.block_jids({aioxmpp.JID.fromstr(jid)}))

    async def unblock(self, jid):
        await answered(self.blocking.unblock_jids({aioxmpp.JID.fromstr(jid)}))

    async def blocked(self):
        return [str(jid) for jid in self.blocking.blocklist]

    async def message(self, to, id, body=None, state=None, receipt=False):
        message = aioxmpp.Message(type_=aioxmpp.MessageType.CHAT, to=aioxmpp.JID.fromstr(to), id_=id)
        if body is not None:
            message.body[None] = body
        if state:
            message.xep0085_chatstate = aioxmpp.chatstates.ChatState[state.upper()]
        if receipt:
            def changed(state, *_):
                # the library takes the receipt itself, and says who has got it to nobody
                if state == aioxmpp.tracking.MessageState.DELIVERED_TO_RECIPIENT:
                    self.tell('receipt', **{'from': to}, id=id)

            self.receipts.attach_tracker(message).on_state_changed.connect(changed)
        token = self.client.enqueue(message)

        async def acknowledged():
            await token
            self.tell('acknowledged', id=id)

        self.task = asyncio.create_task(acknowledged())

    async def carbons(self):
        await answered(self.client.summon(aioxmpp.carbons.CarbonsClient).enable())

    async def info(self, to=None, node=None):
        target = aioxmpp.JID.fromstr(to) if to else self.client.local_jid.bare()
        info = await answered(self.client.summon(aioxmpp.DiscoClient).query_info(target, node=node, require_fresh=True))
        return {
            'identities': [f'{identity.category}/{identity.type_}' for identity in info.identities],
            'features': list(info.features),
        }

    async def items(self, to, node=None):
        answer = await answered(self.client.summon(aioxmpp.DiscoClient).query_items(
            aioxmpp.JID.fromstr(to), node=node, require_fresh=True))
        return [{'jid': str(item.jid), 'node': item.node, 'name': item.name} for item in answer.items]

    async def ping(self, to=None):
        target = aioxmpp.JID.fromstr(to) if to else self.client.local_jid.replace(localpart=None, resource=None)
        await answered(aioxmpp.ping.ping(self.client, target))

    async def version(self, to):
        version = await answered(aioxmpp.version.query_version(self.client.stream, aioxmpp.JID.fromstr(to)))
        return {'name': version.name, 'version': version.version}

    async def vcard(self, to):
        vcard = await answered(self.client.summon(aioxmpp.vcard.VCardService).get_vcard(aioxmpp.JID.fromstr(to)))
        return {'name': next((e.text for e in vcard.elements if etree.QName(e).localname == 'FN'), None)}

    async def setVcard(self, name):
        vcard = aioxmpp.vcard.xso.VCard()
        element = etree.Element('{vcard-temp}FN')
        element.text = name
        vcard.elements.append(element)
        await answered(self.client.summon(aioxmpp.vcard.VCardService).set_vcard(vcard))

    async def setBookmark(self, jid, name):
        storage = aioxmpp.bookmarks.xso.Storage()
        storage.bookmarks.append(aioxmpp.bookmarks.xso.Conference(name, aioxmpp.JID.fromstr(jid)))
        await answered(self.client.summon(aioxmpp.private_xml.PrivateXMLService).set_private_xml(storage))

    async def bookmarks(self):
        answer = await answered(self.client.summon(aioxmpp.private_xml.PrivateXMLService).get_private_xml(
            aioxmpp.bookmarks.xso.Storage()))
        return [{'jid': str(b.jid), 'name': b.name} for b in answer.registered_payload.bookmarks]

    async def password(self, password, **_):
        await answered(self.client.summon(aioxmpp.ibr.RegistrationService).change_pass(password))

    async def unregister(self, **_):
        try:
            await answered(self.client.summon(aioxmpp.ibr.RegistrationService).cancel_registration())
        except ConnectionError:
            pass  # the stream ends right behind the answer (XEP-0077 §3.2), and the library drops what came before

    async def commands(self, to):
        items = await answered(self.client.summon(aioxmpp.adhoc.AdHocClient).get_commands(aioxmpp.JID.fromstr(to)))
        return [{'jid': str(item.jid), 'node': item.node, 'name': item.name} for item in items]

    async def run(self, to, node, answers=None):
        session = await answered(self.client.summon(aioxmpp.adhoc.AdHocClient).execute(aioxmpp.JID.fromstr(to), node))
        if session.status == aioxmpp.adhoc.CommandStatus.EXECUTING:
            form = session.first_payload
            form.type_ = aioxmpp.forms.xso.DataType.SUBMIT
            for field in form.fields:
                if field.var in (answers or {}):
                    field.values[:] = [answers[field.var]]
            await answered(session.proceed(action=aioxmpp.adhoc.ActionType.COMPLETE, payload=[form]))
        form = session.first_payload
        fields = form.fields if isinstance(form, aioxmpp.forms.xso.Data) else []
        return {
            'status': session.status.value,
            'fields': {field.var: '\n'.join(field.values) for field in fields if field.var},
        }

    # -- what happens

    def listen_early(self, client):
        """Before the login, so that nothing is missed."""
        client.summon(aioxmpp.dispatcher.SimpleMessageDispatcher).register_callback(None, None, self.heard)
        presences = client.summon(aioxmpp.dispatcher.SimplePresenceDispatcher)
        for kind in (PresenceType.AVAILABLE, PresenceType.UNAVAILABLE, PresenceType.ERROR):
            presences.register_callback(kind, None, self.presence_came)
        roster = self.roster_client
        for signal in (roster.on_subscribe, roster.on_subscribed, roster.on_unsubscribe, roster.on_unsubscribed):
            signal.connect(self.presence_came)
        self.blocking.on_jids_blocked.connect(lambda jids: self.tell('block', jids=[str(jid) for jid in jids]))
        self.blocking.on_jids_unblocked.connect(lambda jids: self.tell('unblock', jids=[str(jid) for jid in jids]))

    def listen(self, client):
        """After the login: the roster that came with it is no news."""
        roster = self.roster_client
        for signal in (roster.on_entry_added, roster.on_entry_name_changed, roster.on_entry_subscription_state_changed):
            signal.connect(lambda item: self.tell('roster', **self.item(item)))
        roster.on_entry_removed.connect(lambda item: self.tell('roster', **{**self.item(item), 'subscription': 'remove'}))

    def heard(self, message):
        facts = {'from': str(message.from_), 'id': message.id_}
        for direction, copy in (('sent', message.xep0280_sent), ('received', message.xep0280_received)):
            if copy:
                inner = copy.stanza
                self.tell('carbon', direction=direction, by=facts['from'], **{'from': str(inner.from_)}, to=str(inner.to), body=inner.body.any())
                return
        if message.type_ == aioxmpp.MessageType.ERROR:
            self.tell('refusal', **facts, condition=message.error.condition.value[1], type=message.error.type_.value)
        else:
            state, delays = message.xep0085_chatstate, message.xep0203_delay
            self.tell(
                'message', **facts, to=str(message.to), body=message.body.any() if message.body else None,
                state=state.value[1] if state else None, sentAt=delays[0].stamp.isoformat() if delays else None,
            )
            if message.xep0184_request_receipt:
                self.client.enqueue(aioxmpp.mdr.compose_receipt(message))

    def presence_came(self, presence):
        if presence.type_ == PresenceType.ERROR:
            self.tell('refusal', **{'from': str(presence.from_)}, id=presence.id_, condition=presence.error.condition.value[1])
            return
        caps = presence.xep0115_caps
        self.tell(
            'presence', **{'from': str(presence.from_)}, type=presence.type_.value or 'available',
            show=presence.show.value, status=presence.status.any() if presence.status else None,
            priority=presence.priority, caps=f'{caps.node}#{caps.ver}' if caps else None,
        )

    @staticmethod
    def item(item):
        return {
            'jid': str(item.jid), 'name': item.name, 'subscription': item.subscription,
            'ask': item.ask, 'groups': sorted(str(group) for group in item.groups),
        }


asyncio.run(serve(Person))
