"""Sending one message: by mail, or through a channel that apprise knows (WeCom, DingTalk, Feishu …)."""

from __future__ import annotations

import logging
from email.utils import parseaddr
from urllib.parse import quote

import apprise
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import translation

from xunzhi.web.configuration import configuration
from xunzhi.web.org.models import Person
from xunzhi.web.work.models import Delivery
from xunzhi.web.work.preferences import MAIL, PERSONAL


class ChannelError(Exception):
    """A channel didn't take a message."""


class Senders:
    """Sends messages; the connection to the mail server is kept open between them."""

    def __init__(self) -> None:
        self._mail: BaseEmailBackend | None = None

    def send(self, delivery: Delivery) -> None:
        """Send one message in the language of its person.

        Raises:
            OSError: if the mail server can't be reached or refuses.
            ChannelError: if the channel can't or doesn't exist any more.
        """
        with translation.override(language(delivery.notification.person)):
            if delivery.channel == MAIL:
                self._send_mail(delivery)
            else:
                _send_message(delivery)

    def close(self) -> None:
        """Close the connection to the mail server."""
        if self._mail:
            self._mail.close()
            self._mail = None

    def _send_mail(self, delivery: Delivery) -> None:
        notification = delivery.notification
        if self._mail is None:
            self._mail = get_connection()
        _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
        message = EmailMessage(
            subject=_line(notification.headline),
            body=body(delivery),
            to=[notification.person.email],
            headers={"Message-ID": f"<delivery-{delivery.pk}@{sender.rpartition('@')[2] or 'xunzhi'}>"},
            connection=self._mail,
        )
        try:
            message.send()
        except BaseException:
            self._mail = None  # the next one gets a new connection
            raise


def _send_message(delivery: Delivery) -> None:
    notification = delivery.notification
    address = configuration().channels.get(delivery.channel)
    if address is None:
        raise ChannelError(f"settings.toml 已无通道 {delivery.channel} / settings.toml has no such channel any more")
    address = address.replace(PERSONAL, quote(notification.person.channel, safe=""))
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
        target = apprise.Apprise()
        sent = target.add(address) and target.notify(title=_line(notification.headline), body=body(delivery))
        reason = said.getvalue().replace(address, delivery.channel)
    if not sent:
        raise ChannelError(reason.strip()[:500] or f"通道 {delivery.channel} 未接收 / the channel did not take it")


def language(person: Person) -> str:
    """The language a person reads: that of the account, or Chinese."""
    user = getattr(person, "user", None)
    return (user and user.language) or settings.LANGUAGE_CODE


def body(delivery: Delivery) -> str:
    """The text, and where to go on, in the active language."""
    notification = delivery.notification
    site = configuration().site.url.rstrip("/")
    link = f"{site}{notification.link}" if notification.link else ""
    return render_to_string("work/message.txt", {"notification": notification, "link": link, "site": site})


def _line(text: str) -> str:
    return " ".join(text.split())[:180]
