"""Where keys come from, and which one is a run's."""

import base64
import logging
import os
import stat
from pathlib import Path

import pytest

from worldwire import envelope
from worldwire.keys import (
    HeldKey,
    KeyConfig,
    KeyFinder,
    KeyRecord,
    KeySource,
    KeyUnavailableError,
    default_key_file,
    make_key_file,
    parse_keys,
)

RUN = "wrun_1"
SECRETS = [bytes([number]) * 32 for number in (1, 2)]
A, B = (base64.b64encode(secret).decode() for secret in SECRETS)
A_ID, B_ID = (envelope.key_id_of(secret) for secret in SECRETS)
A_KEYS, B_KEYS = (
    envelope.RunKeys(run_key=envelope.derive_run_key(secret, "default", RUN)) for secret in SECRETS
)
A_PUBLIC, B_PUBLIC = (envelope.public_key_text(keys.pair.public_key) for keys in (A_KEYS, B_KEYS))
VALUE = b'devl["secret"]'
BOTH = KeyConfig(text=f"{A},{B}")


def test_names_a_key_as_another_implementation_of_hkdf_does() -> None:
    assert A_ID == "a668ebd4445d0278"


class TestParsing:
    def test_reads_keys_with_and_without_a_deployment_beside_comments(self) -> None:
        keys = parse_keys(["# a comment", "", f"  blue\t{A}  # of May", B.rstrip("=")], str)
        assert [(key.deployment_id, key.secret[0]) for key in keys] == [("blue", 1), (None, 2)]
        assert keys[0].id == A_ID

    @pytest.mark.parametrize(
        "entry",
        [
            base64.b64encode(bytes(31)).decode(),
            base64.b64encode(bytes(33)).decode(),
            f"{A[:-2]}*=",
            f"a b {A}",
            "blue",
        ],
    )
    def test_names_what_is_none_by_its_place(self, entry: str) -> None:
        with pytest.raises(KeyUnavailableError, match=r"^line 2 is no key") as caught:
            parse_keys([A, entry], lambda number: f"line {number}")
        assert entry[:12] not in str(caught.value)

    def test_does_not_show_secrets(self) -> None:
        shown = repr([KeySource(BOTH).read(), BOTH, KeyRecord("d", input=VALUE)])
        for secret in (A, repr(SECRETS[0]), "secret"):
            assert secret not in shown.replace("secret=", "")


class TestTheCurrentKey:
    def current(self, text: str, deployment_id: str) -> int | None:
        key = KeySource(KeyConfig(text=text)).read().current(deployment_id)
        return None if key is None else key.secret[0]

    def test_is_the_first_that_fits_the_deployment(self) -> None:
        assert self.current(f"blue {A},{B}", "blue") == 1
        assert self.current(f"blue {A},{B}", "green") == 2
        assert self.current(f"{B},blue {A}", "blue") == 2
        assert self.current(f"blue {A}", "green") is None


class TestAKeyFile:
    def test_is_made_once_whole_for_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "keys"
        umask = os.umask(0)
        try:
            assert make_key_file(path)
        finally:
            os.umask(umask)
        text = path.read_text()
        assert len(parse_keys(text.split("\n"), str)) == 1
        assert not make_key_file(path)
        assert path.read_text() == text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert sorted(each.name for each in path.parent.iterdir()) == [".gitignore", "keys"]

    def test_is_made_by_need_only_and_told_of_once(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.chdir(tmp_path)
        source = KeySource(KeyConfig())
        assert source.read().keys == []
        assert list(tmp_path.iterdir()) == []
        made = source.read_or_make()
        assert KeySource(KeyConfig()).read_or_make() == made
        assert default_key_file() == tmp_path / ".worldwire-keys" / "keys"
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert str(default_key_file()) in record.getMessage()

    def test_is_read_again_when_it_has_changed(self, tmp_path: Path) -> None:
        file = tmp_path / "keys"
        file.write_text(f"{A}\n")
        source = KeySource(KeyConfig(file=file))
        assert len(source.read().keys) == 1
        file.write_text(f"{B}\r\n{A}\r\n")
        assert [key.secret[0] for key in source.read().keys] == [2, 1]

    def test_that_is_not_there_is_an_error_where_somebody_named_it(self, tmp_path: Path) -> None:
        file = tmp_path / "keys"
        for read in (
            KeySource(KeyConfig(file=file)).read,
            KeySource(KeyConfig(file=file)).read_or_make,
        ):
            with pytest.raises(
                KeyUnavailableError, match=f"the keys of {file} cannot be read: No such"
            ):
                read()
        file.write_text("# nothing\n")
        with pytest.raises(KeyUnavailableError, match="holds no key"):
            KeySource(KeyConfig(file=file)).read()

    def test_that_cannot_be_made_says_what_else_to_do(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".worldwire-keys").symlink_to("nowhere")
        with pytest.raises(KeyUnavailableError, match="WORLDWIRE_ENCRYPTION=off"):
            KeyFinder(KeyConfig()).of_new_run(RUN, "default")


class TestTheConfiguration:
    def test_comes_from_the_environment_where_nothing_is_given(self, tmp_path: Path) -> None:
        assert KeyConfig.read(env={}) == KeyConfig()
        assert KeyConfig.read(env={"WORLDWIRE_KEY": A, "WORLDWIRE_PROJECT": "p"}) == KeyConfig(
            text=A, project="p"
        )
        given = KeyConfig.read(key_file="k", env={"WORLDWIRE_KEY": A})
        assert given == KeyConfig(file=Path.cwd() / "k")
        assert KeyConfig.read(key=B, env={"WORLDWIRE_KEY_FILE": str(tmp_path)}).file is None

    def test_says_which_variable_is_wrong(self) -> None:
        with pytest.raises(ValueError, match="WORLDWIRE_KEY and WORLDWIRE_KEY_FILE are both set"):
            KeyConfig.read(env={"WORLDWIRE_KEY": A, "WORLDWIRE_KEY_FILE": "keys"})
        with pytest.raises(ValueError, match='WORLDWIRE_ENCRYPTION is "no"'):
            KeyConfig.read(env={"WORLDWIRE_ENCRYPTION": "no"})

    @pytest.mark.parametrize(("value", "on"), [("", True), ("on", True), ("off", False)])
    def test_turns_encryption_off_by_one_word_only(self, value: str, on: bool) -> None:
        assert KeyConfig.read(env={"WORLDWIRE_ENCRYPTION": value}).encryption is on
        assert KeyConfig.read(encryption=value, env={"WORLDWIRE_ENCRYPTION": ""}).encryption is on


class TestTheKeyOfARun:
    def id_of(self, held: HeldKey | None) -> str | None:
        return None if held is None else held.key_id

    def test_that_is_new_is_that_of_its_deployment(self) -> None:
        held = KeyFinder(BOTH).of_new_run(RUN, "default")
        assert held is not None
        assert (held.key_id, held.public_key) == (A_ID, A_PUBLIC)
        assert held.keys.run_key == A_KEYS.run_key
        blue = KeyFinder(KeyConfig(text=f"blue {A}"))
        assert self.id_of(blue.of_new_run(RUN, "blue")) == A_ID
        with pytest.raises(
            KeyUnavailableError, match=rf'deployment "green" of run {RUN}: .* {A_ID} \(blue\)'
        ):
            blue.of_new_run(RUN, "green")

    @pytest.mark.parametrize(
        "record",
        [
            KeyRecord("default", key_id=B_ID),
            KeyRecord("default", public_key=B_PUBLIC),
            KeyRecord("default", key_id="named by another client", public_key=B_PUBLIC),
            KeyRecord("default", input=envelope.seal(VALUE, B_KEYS)),
            KeyRecord("default", input=envelope.seal_to_public_key(VALUE, B_KEYS.pair.public_key)),
        ],
        ids=["name", "public key", "unknown name", "sealed input", "input sealed to it"],
    )
    def test_is_the_one_that_its_record_tells(self, record: KeyRecord) -> None:
        assert self.id_of(KeyFinder(BOTH).of_run(RUN, record)) == B_ID
        off = KeyConfig(text=BOTH.text, encryption=False)
        assert self.id_of(KeyFinder(off).of_run(RUN, record)) == B_ID

    def test_of_which_nothing_is_sealed_is_that_of_its_deployment_or_none(self) -> None:
        record = KeyRecord("default", input=VALUE)
        assert self.id_of(KeyFinder(BOTH).of_run(RUN, record)) == A_ID
        off = KeyConfig(text=BOTH.text, encryption=False)
        assert KeyFinder(off).of_run(RUN, record) is None
        assert KeyFinder(off).of_new_run(RUN, "default") is None

    @pytest.mark.parametrize(
        ("record", "said"),
        [
            (KeyRecord("default", key_id=B_ID), f"run {RUN} .* deployment key {B_ID}"),
            (KeyRecord("default", public_key=B_PUBLIC), r"public key [0-9a-f]{16}"),
            (KeyRecord("default", input=envelope.seal(VALUE, B_KEYS)), "that it was sealed with"),
            (KeyRecord("default", public_key="nonsense"), "public key malformed"),
        ],
        ids=["name", "public key", "sealed input", "no public key"],
    )
    def test_that_is_missing_is_named_with_the_keys_at_hand(
        self, record: KeyRecord, said: str
    ) -> None:
        with pytest.raises(KeyUnavailableError, match=said) as caught:
            KeyFinder(KeyConfig(text=A)).of_run(RUN, record)
        assert f"WORLDWIRE_KEY has {A_ID}" in str(caught.value)
        assert A not in str(caught.value)

    def test_that_contradicts_the_public_key_is_refused(self) -> None:
        with pytest.raises(KeyUnavailableError, match=f"deployment key {A_ID} does not fit"):
            KeyFinder(BOTH).of_run(RUN, KeyRecord("default", key_id=A_ID, public_key=B_PUBLIC))

    def test_is_found_when_it_is_put_back(self, tmp_path: Path) -> None:
        file = tmp_path / "keys"
        file.write_text(f"{A}\n")
        finder = KeyFinder(KeyConfig(file=file))
        old = finder.of_new_run(RUN, "default")
        assert old is not None
        sealed = envelope.seal(VALUE, old.keys)
        file.write_text(f"{B}\n")
        with pytest.raises(KeyUnavailableError):
            finder.of_run(RUN, KeyRecord("default", key_id=old.key_id))
        file.write_text(f"{B}\n{A}\n")
        found = finder.of_run(RUN, KeyRecord("default", key_id=old.key_id))
        assert found is not None
        assert envelope.open(sealed, found.keys).payload == VALUE
        assert self.id_of(finder.of_new_run("wrun_2", "default")) == B_ID
