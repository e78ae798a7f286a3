"""What people are told reaches them: in the inbox at once, then by mail and messages; never lost, never doubled."""

from __future__ import annotations

import email
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import default

import pytest
import time_machine
from django.db import connection

from xunzhi.web.jobs.models import Job
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.work import delivery
from xunzhi.web.work.delivery import LEASE, PAUSES, claim, deliver, plan
from xunzhi.web.work.models import Delivery, Notification, Preference
from xunzhi.web.work.preferences import quiet_end
from xunzhi.web.work.services import remind, tell

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # within apprise
]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # 17:00 in the hospital
State = Delivery.State


def told(*people: object, key: str = "case 1 v1", kind: str = "task") -> None:
    tell(people, "请填写整改措施：跌倒", "Please reply: falls", "/cases/1", key, kind)


def read_mail(envelope: object) -> EmailMessage:
    return email.message_from_bytes(envelope.content, policy=default)  # type: ignore[attr-defined, return-value]


def test_a_person_is_told_a_key_once_and_the_job_is_queued(people) -> None:
    told(people.head_a, people.head_a.person, people.doctor_a)
    told(people.head_a)
    assert Notification.objects.count() == 2
    assert Job.objects.filter(kind="work.deliver").count() == 1


def test_an_unknown_kind_is_refused(people) -> None:
    with pytest.raises(ValueError, match="gossip"):
        told(people.head_a, kind="gossip")


def test_mail_says_what_is_to_be_done_and_where_in_the_readers_language(people, mail_server) -> None:
    people.head_b.language = "en"
    people.head_b.save()
    told(people.head_a, people.head_b)
    assert deliver() == 2
    zh, en = sorted(map(read_mail, mail_server.received), key=lambda mail: mail["To"])
    assert (zh["To"], zh["Subject"]) == ("head_a@example.org", "请填写整改措施：跌倒")
    assert en["Subject"] == "Please reply: falls"
    assert "http://127.0.0.1:8000/cases/1" in zh.get_content()
    assert "/notifications/preferences" in en.get_content()
    assert deliver() == 0
    assert len(mail_server.received) == 2


def test_what_the_mail_server_refuses_is_tried_again_later_and_longer(people, mail_server) -> None:
    told(people.head_a)
    mail_server.refuse = 2
    with time_machine.travel(NOW, tick=False) as clock:
        assert deliver() == 0
        first = Delivery.objects.get()
        assert (first.state, first.tries, first.due) == (State.WAITING, 1, NOW + PAUSES[0])
        assert "try again later" in first.error
        assert deliver() == 0, "it isn't due yet"
        clock.shift(PAUSES[0])
        assert deliver() == 0
        assert Delivery.objects.get().due == NOW + PAUSES[0] + PAUSES[1]
        clock.shift(PAUSES[1])
        assert deliver() == 1
    assert (Delivery.objects.get().state, len(mail_server.received)) == (State.SENT, 1)


def test_after_the_last_try_it_has_failed_and_can_be_begun_anew(people, mail_server) -> None:
    told(people.head_a)
    mail_server.refuse = len(PAUSES) + 1
    with time_machine.travel(NOW, tick=False) as clock:
        for _try in range(len(PAUSES) + 1):
            deliver()
            clock.shift(max(PAUSES))
        failed = Delivery.objects.get()
        assert failed.state == State.FAILED
        assert deliver() == 0
        delivery.again(failed.pk)
        assert deliver() == 1


def test_a_dead_mail_server_loses_nothing(people, mail_server, settings) -> None:
    told(people.head_a, people.head_b)
    settings.EMAIL_PORT, port = 9, settings.EMAIL_PORT
    with time_machine.travel(NOW, tick=False) as clock:
        assert deliver() == 0
        settings.EMAIL_PORT = port
        clock.shift(PAUSES[0])
        assert deliver() == 2


def test_a_delivery_whose_worker_died_is_due_again_when_its_lease_ends(people, mail_server) -> None:
    told(people.head_a)
    with time_machine.travel(NOW, tick=False) as clock:
        plan(NOW)
        assert claim(Delivery.objects.get().pk)  # and then nothing more is heard of this worker
        assert deliver() == 0
        clock.shift(LEASE)
        assert deliver() == 1
    mail = read_mail(mail_server.received[0])
    assert mail["Message-ID"].startswith(f"<delivery-{Delivery.objects.get().pk}@")


@pytest.mark.parametrize(("dies", "mails"), [("before it sends", 1), ("before it notes that it has sent", 2)])
def test_a_worker_that_dies_loses_nothing_and_at_worst_one_mail_comes_twice_under_one_number(
    people, mail_server, monkeypatch, dies: str, mails: int
) -> None:
    sent = delivery.Senders.send

    def send_and_die(self: delivery.Senders, one: Delivery) -> None:
        if "notes" in dies:
            sent(self, one)
        raise SystemExit

    told(people.head_a)
    with time_machine.travel(NOW, tick=False) as clock:
        with monkeypatch.context() as patched:
            patched.setattr(delivery.Senders, "send", send_and_die)
            with pytest.raises(SystemExit):
                deliver()
        assert deliver() == 0  # the other workers wait until the lease has ended
        clock.shift(LEASE)
        assert deliver() == 1
        clock.shift(LEASE)
        assert deliver() == 0
    numbers = [read_mail(mail)["Message-ID"] for mail in mail_server.received]
    assert len(numbers) == mails
    assert len(set(numbers)) == 1


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_each_message_once(mail_server) -> None:
    unit = Unit.objects.create(institution="H1", code="H1", name="循质医院", kind="institution")
    persons = [
        Person.objects.create(institution="H1", code=f"{n}", name=f"{n}", unit=unit, email=f"p{n}@example.org")
        for n in range(30)
    ]
    told(*persons)

    def work(_number: int) -> int:
        try:
            return deliver()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == len(persons)
    assert sorted(envelope.rcpt_tos[0] for envelope in mail_server.received) == sorted(p.email for p in persons)


def test_a_message_reaches_the_persons_own_address_on_a_channel(people, receiver, configure) -> None:
    port = receiver.server.server_port
    configure(channels={"wecom": f"json://127.0.0.1:{port}/to/{{channel}}", "group": f"json://127.0.0.1:{port}/group"})
    Person.objects.filter(pk=people.head_a.person_id).update(channel="13800000001")
    told(people.head_a, people.head_b)
    assert deliver() == 1, "head_b has no address there, and nobody chose the group"
    assert receiver.received[0]["path"] == "/to/13800000001"
    assert receiver.received[0]["title"] == "请填写整改措施：跌倒"


def test_a_channel_that_fails_is_tried_again_and_its_address_is_not_told(people, receiver, configure) -> None:
    address = f"json://127.0.0.1:{receiver.server.server_port}/secret/{{channel}}"
    configure(channels={"wecom": address})
    Person.objects.filter(pk=people.head_a.person_id).update(channel="13800000001")
    told(people.head_a)
    receiver.status = 500
    with time_machine.travel(NOW, tick=False) as clock:
        assert deliver() == 0
        assert "secret" not in Delivery.objects.get().error
        receiver.status = 200
        clock.shift(PAUSES[0])
        assert deliver() == 1
    configure(channels={})
    told(people.head_a, key="another")
    assert deliver() == 0
    assert Delivery.objects.count() == 1


def test_who_wants_the_digest_only_is_not_written_to_at_once_unless_it_presses(people, mail_server) -> None:
    Preference.objects.create(person=people.head_a.person, at_once=False)
    told(people.head_a)
    remind([people.head_a], "已逾期", "Overdue", "/cases/1", "case 1 2026-03-01", level=1)
    assert deliver() == 1
    assert read_mail(mail_server.received[0])["Subject"] == "已逾期"


def test_chosen_channels_are_used_and_no_others(people, mail_server) -> None:
    Preference.objects.create(person=people.head_a.person, channels=[])
    told(people.head_a)
    assert deliver() == 0


def test_quiet_hours_hold_back_all_but_what_presses(people, mail_server) -> None:
    Preference.objects.create(person=people.head_a.person, quiet_from=time(21), quiet_until=time(7))
    with time_machine.travel(datetime(2026, 3, 2, 15, 30, tzinfo=UTC), tick=False) as clock:  # 23:30
        told(people.head_a)
        told(people.head_a, key="alarm", kind="alarm")
        assert deliver() == 1
        clock.move_to(datetime(2026, 3, 2, 23, 0, tzinfo=UTC))  # 7:00
        assert deliver() == 1


@pytest.mark.parametrize(
    ("clock", "begin", "end", "until"),
    [
        ("23:30", "21:00", "07:00", "next 07:00"),
        ("06:59", "21:00", "07:00", "07:00"),
        ("07:00", "21:00", "07:00", None),
        ("13:00", "12:00", "14:00", "14:00"),
        ("14:00", "12:00", "14:00", None),
        ("11:59", "12:00", "14:00", None),
    ],
)
def test_quiet_hours_may_run_over_midnight(clock: str, begin: str, end: str, until: str | None) -> None:
    now = datetime.fromisoformat(f"2026-03-02 {clock}+08:00")
    ends = quiet_end(now, time.fromisoformat(begin), time.fromisoformat(end))
    if until is None:
        assert ends == now
    else:
        day = "2026-03-03" if until.startswith("next") else "2026-03-02"
        assert ends == datetime.fromisoformat(f"{day} {until.removeprefix('next ')}+08:00")
    assert ends - now < timedelta(days=1)


def test_each_level_of_a_reminder_is_heard_once(people) -> None:
    for _hour in range(3):
        remind([people.head_a], "到期", "Due", "/cases/1", "case 1 2026-03-01")
        remind([people.vice], "逾期", "Overdue", "/cases/1", "case 1 2026-03-01", level=1)
    assert sorted(Notification.objects.values_list("kind", flat=True)) == ["escalation", "reminder"]


def test_a_subject_with_lines_is_one_header(people, mail_server) -> None:
    text = "请整改\r\nBcc: all@example.org\n\n<script>"
    tell([people.head_a], text, text, "/cases/1", "k1", "task")
    assert deliver() == 1
    (envelope,) = mail_server.received
    mail = read_mail(envelope)
    assert (mail["Bcc"], mail["Subject"]) == (None, "请整改")
    assert envelope.rcpt_tos == ["head_a@example.org"]


def test_an_address_with_lines_is_sent_nowhere_and_stops_nobody_else(people, mail_server) -> None:
    Person.objects.filter(pk=people.head_a.person.pk).update(email="a@example.org\nBcc: all@example.org")
    told(people.head_a, people.head_b)
    assert deliver() == 1
    (envelope,) = mail_server.received
    assert envelope.rcpt_tos == ["head_b@example.org"]
    assert Delivery.objects.exclude(error="").get().notification.person == people.head_a.person
