from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from benchmark import audio
from benchmark.errors import CorpusError
from benchmark.types import Clip
from tests.corpora.writers import sphere_bytes, truncate, write_wav

TONE = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    write_wav(path, TONE, 16000)
    return path


def test_a_wav_reads_as_float32_at_its_own_rate(wav: Path) -> None:
    clip = audio.read_clip(wav)
    assert clip.rate_hz == 16000
    assert clip.samples.dtype == np.float32
    np.testing.assert_allclose(clip.samples, TONE, atol=1 / 32768)
    assert audio.duration_s(wav) == 0.5


@pytest.mark.parametrize("coding", [b"-s3 pcm", b"-s6 linear"])
@pytest.mark.parametrize("big_endian", [False, True])
def test_nist_sphere_reads_like_wav(tmp_path: Path, big_endian: bool, coding: bytes) -> None:
    path = tmp_path / "tone.wav"
    content = sphere_bytes(TONE, 16000, big_endian)
    header = content[:1024].rstrip().replace(b"-s3 pcm", coding).ljust(1024)
    path.write_bytes(header + content[1024:])
    np.testing.assert_allclose(audio.read_clip(path).samples, TONE, atol=1 / 32000)
    assert audio.duration_s(path) == 0.5


def test_sphere_mu_law_agrees_with_libsndfile(tmp_path: Path) -> None:
    encoded = tmp_path / "tone.au"
    soundfile.write(encoded, TONE, 8000, subtype="ULAW", format="AU")
    codes = encoded.read_bytes()[-len(TONE) :]
    fields = (
        f"NIST_1A\n   1024\nsample_count -i {len(TONE)}\nsample_rate -i 8000\nchannel_count -i 1\n"
        "sample_n_bytes -i 1\nsample_coding -s4 ulaw\nend_head\n"
    )
    path = tmp_path / "tone.sph"
    path.write_bytes(fields.encode().ljust(1024) + codes)
    expected, _ = soundfile.read(encoded, dtype="float32")
    np.testing.assert_array_equal(audio.read_clip(path).samples, expected)


def test_compressed_sphere_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    content = sphere_bytes(TONE, 16000).replace(b"-s3 pcm\n", b"-s26 pcm,embedded-shorten-v2.00\n", 1)
    path.write_bytes(content[:1024].rstrip().ljust(1024) + content[1024:])
    with pytest.raises(CorpusError, match=r"tone\.wav: compressed SPHERE .*sph2pipe"):
        audio.read_header(path)


@pytest.mark.parametrize("keep", [0.9, 0.5, 0.003, 0.001])
def test_a_truncated_wav_is_refused_by_its_header(wav: Path, keep: float) -> None:
    truncate(wav, keep)
    with pytest.raises(CorpusError, match=r"tone\.wav"):
        audio.read_header(wav)


def test_a_truncated_sphere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    path.write_bytes(sphere_bytes(TONE, 16000)[:-100])
    with pytest.raises(CorpusError, match="truncated"):
        audio.read_header(path)


def test_a_truncated_flac_is_refused_when_read(tmp_path: Path) -> None:
    path = tmp_path / "noise.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 40000), 16000)
    truncate(path, 0.6)
    with pytest.raises(CorpusError, match=r"noise\.flac: (truncated|damaged)"):
        audio.read_clip(path)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (3_000_000_000, r"3000000000 samples, more than \d+ bytes can hold"),
        (0, "states no length; convert it again"),
    ],
)
def test_a_flac_that_states_no_length_or_an_impossible_one_takes_no_memory(
    tmp_path: Path, stated: int, message: str
) -> None:
    path = tmp_path / "liar.flac"
    soundfile.write(path, TONE, 16000)
    content = bytearray(path.read_bytes())
    # STREAMINFO keeps the number of samples in 36 bits, the last of them up to byte 26.
    content[21] &= 0xF0
    content[22:26] = struct.pack(">I", stated)
    path.write_bytes(bytes(content))
    with pytest.raises(CorpusError, match=rf"liar\.flac: .*{message}"):
        audio.read_header(path)


@pytest.mark.parametrize("coding", [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS")])
def test_a_minute_of_silence_is_little_and_no_damage(tmp_path: Path, coding: tuple[str, str]) -> None:
    path = tmp_path / "silence"
    with soundfile.SoundFile(path, "w", 48_000, 1, format=coding[0], subtype=coding[1]) as stream:
        for _ in range(60):
            stream.write(np.zeros(48_000, np.int16))
    assert audio.read_header(path).frames == 60 * 48_000
    audio.refuse_cut_off(path)


@pytest.mark.parametrize("frames", [1, 4095, 4096, 4097, 40_000])
@pytest.mark.parametrize("coding", [("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("AIFF", "PCM_16")])
def test_the_end_of_a_whole_file_is_there(tmp_path: Path, coding: tuple[str, str], frames: int) -> None:
    path = tmp_path / "whole"
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (frames, 2))
    soundfile.write(path, noise, 16000, format=coding[0], subtype=coding[1])
    audio.refuse_cut_off(path)


@pytest.mark.parametrize("keep", [0.125, 0.6, 0.999])
def test_the_end_of_a_truncated_flac_is_missed(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "noise.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 40000), 16000)
    truncate(path, keep)
    assert audio.read_header(path).frames == 40000
    with pytest.raises(CorpusError, match=r"noise\.flac: truncated, its last sample .* copy the file again"):
        audio.refuse_cut_off(path)


def test_a_name_that_is_not_utf8_is_read_and_written(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    audio.write_flac(folder / "tone.flac", audio.pcm16(TONE), 16000)
    assert audio.read_header(folder / "tone.flac").frames == len(TONE)
    np.testing.assert_allclose(audio.read_clip(folder / "tone.flac").samples, TONE, atol=1 / 32768)
    (folder / "text.flac").write_text("no audio " * 20)
    with pytest.raises(CorpusError, match=r"text\.flac: not readable as audio"):
        audio.read_header(folder / "text.flac")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(CorpusError, match=r"pipe\.wav: is a pipe or a device"):
        audio.read_header(tmp_path / "pipe.wav")


def test_an_empty_and_a_missing_file_and_text_are_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.wav"
    empty.touch()
    with pytest.raises(CorpusError, match=r"empty\.wav: is empty"):
        audio.read_header(empty)
    with pytest.raises(CorpusError, match=r"missing\.wav: cannot be opened"):
        audio.read_header(tmp_path / "missing.wav")
    text = tmp_path / "text.wav"
    text.write_text("this is not audio at all, only words " * 5)
    with pytest.raises(CorpusError, match=r"text\.wav: not readable as audio"):
        audio.read_header(text)


@pytest.mark.parametrize("channels", [2, 3])
def test_channels_that_are_all_the_same_are_one(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "same.wav"
    soundfile.write(path, np.stack([TONE] * channels, axis=1), 16000)
    clip = audio.read_clip(path)
    assert clip.samples.shape == TONE.shape
    np.testing.assert_allclose(clip.samples, TONE, atol=1 / 32768)


def test_sphere_of_two_channels_is_read_where_they_are_the_same(tmp_path: Path) -> None:
    path = tmp_path / "two.sph"
    for other, same in ((TONE, True), (-TONE, False)):
        interleaved = np.stack([TONE, other], axis=1).reshape(-1)
        header = sphere_bytes(interleaved, 16000).replace(b"channel_count -i 1", b"channel_count -i 2")
        path.write_bytes(header.replace(f"_count -i {2 * len(TONE)}".encode(), b"_count -i 08000"))
        if same:
            np.testing.assert_allclose(audio.read_clip(path).samples, TONE, atol=1 / 32000)
        else:
            with pytest.raises(CorpusError, match=r"2 channels that differ .* convert it to one channel"):
                audio.read_clip(path)


def test_stereo_needs_a_channel(tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    soundfile.write(path, np.stack([TONE, -TONE], axis=1), 16000)
    with pytest.raises(CorpusError, match=r"2 channels that differ .* convert it to one channel"):
        audio.read_clip(path)
    np.testing.assert_allclose(audio.read_clip(path, 1).samples, -TONE, atol=1 / 32768)
    with pytest.raises(CorpusError, match="no channel 2"):
        audio.read_clip(path, 2)


def test_resampling_keeps_a_tone(wav: Path) -> None:
    clip = audio.resample(Clip(TONE.astype(np.float32), 16000), 22050)
    assert clip.rate_hz == 22050
    assert len(clip.samples) == int(np.ceil(len(TONE) * 22050 / 16000))
    expected = 0.3 * np.sin(2 * np.pi * 440 * np.arange(len(clip.samples)) / 22050)
    np.testing.assert_allclose(clip.samples[500:-500], expected[500:-500], atol=2e-3)


def test_resampling_removes_what_cannot_be_kept() -> None:
    high = np.sin(2 * np.pi * 11_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.abs(audio.resample(Clip(high, 48_000), 16_000).samples[200:-200]).max() < 3e-3


def test_resampling_to_the_same_rate_changes_nothing() -> None:
    clip = Clip(TONE.astype(np.float32), 16000)
    assert audio.resample(clip, 16000) is clip


@given(st.lists(st.integers(-32768, 32767), max_size=50))
def test_sixteen_bits_survive(values: list[int]) -> None:
    pcm = np.array(values, np.int16)
    np.testing.assert_array_equal(audio.pcm16(pcm / 32768), pcm)


@pytest.mark.parametrize("sample", [1.0, -1.0001, np.nan, np.inf])
def test_nothing_is_clipped_in_silence(sample: float) -> None:
    with pytest.raises(ValueError, match=r"16 bits|finite"):
        audio.pcm16(np.array([0.0, sample]))


def test_flac_keeps_every_sample_and_leaves_no_other_file(tmp_path: Path) -> None:
    pcm = audio.pcm16(TONE)
    path = tmp_path / "deep" / "tone.flac"
    audio.write_flac(path, pcm, 16000)
    back, rate_hz = soundfile.read(path, dtype="int16")
    assert rate_hz == 16000
    np.testing.assert_array_equal(back, pcm)
    assert [entry.name for entry in path.parent.iterdir()] == ["tone.flac"]


def test_the_hash_is_of_samples_not_of_memory() -> None:
    pcm = np.arange(-50, 50, dtype=np.int16)
    assert (
        audio.pcm_sha256(pcm)
        == audio.pcm_sha256(np.repeat(pcm, 2)[::2])
        == audio.pcm_sha256(pcm.astype(">i2"))
    )
    assert audio.pcm_sha256(pcm) != audio.pcm_sha256(pcm[::-1])
    with pytest.raises(ValueError, match="16-bit"):
        audio.pcm_sha256(pcm.astype(np.int32))  # type: ignore[arg-type]


CONTAINERS = {
    "x.wav": ("WAV", "PCM_16", "FILE"),
    "rifx.wav": ("WAV", "PCM_16", "BIG"),
    "x.rf64": ("RF64", "PCM_16", "FILE"),
    "x.w64": ("W64", "PCM_16", "FILE"),
    "x.aiff": ("AIFF", "PCM_16", "FILE"),
    "x.au": ("AU", "PCM_16", "FILE"),
    "x.caf": ("CAF", "PCM_16", "FILE"),
    "x.ogg": ("OGG", "VORBIS", "FILE"),
    "x.opus": ("OGG", "OPUS", "FILE"),
    "x.mp3": ("MP3", "MPEG_LAYER_III", "FILE"),
    "x.flac": ("FLAC", "PCM_16", "FILE"),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_truncation_is_seen_in_every_container(tmp_path: Path, name: str) -> None:
    form, coding, endian = CONTAINERS[name]
    path = tmp_path / name
    noise = 0.1 * np.random.default_rng(0).standard_normal(8 * 16000)
    soundfile.write(path, noise, 16000, format=form, subtype=coding, endian=endian)
    assert len(audio.read_clip(path).samples) == len(noise)
    audio.refuse_cut_off(path)
    whole = path.read_bytes()
    for keep in (0.2, 0.5, 0.9):
        path.write_bytes(whole[: int(keep * len(whole))])
        with pytest.raises(CorpusError, match=rf"{name}: .*copy the file again"):
            read_to_its_end(path)


def ogg_checksum(page: bytes) -> bytes:
    """CRC-32 of a page whose own checksum is zero (RFC 3533)."""
    register = 0
    for byte in page:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1) ^ (0x04C11DB7 if register & 0x80000000 else 0)
            register &= 0xFFFFFFFF
    return register.to_bytes(4, "little")


def test_an_ogg_stream_whose_last_page_is_not_flagged_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.ogg"
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(16000), 16000, subtype="VORBIS")
    content = path.read_bytes()
    place = content.rfind(b"OggS")
    page = bytearray(content[place:])
    assert page[5] & 4
    page[5] &= ~4
    page[22:26] = bytes(4)
    page[22:26] = ogg_checksum(bytes(page))
    path.write_bytes(content[:place] + page)
    audio.refuse_cut_off(path)
    assert len(audio.read_clip(path).samples) == 16000


def read_to_its_end(path: Path) -> None:
    audio.read_header(path)
    audio.refuse_cut_off(path)


def sized_wav(path: Path, bytes_more: int) -> int:
    """A WAV file whose header states so many bytes more than there are; returns its number of samples."""
    samples = (40 * 4096 - 44) // 2
    soundfile.write(path, 0.1 * np.random.default_rng(0).standard_normal(samples), 16000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[40:44] = (2 * samples + bytes_more).to_bytes(4, "little")
    path.write_bytes(content)
    return samples


@pytest.mark.parametrize("more", [1, 1060, 4096, 6972])
def test_a_wav_that_states_up_to_a_recorders_block_too_much_is_read_with_a_note(
    tmp_path: Path, more: int
) -> None:
    path = tmp_path / "x.wav"
    samples = sized_wav(path, more)
    assert len(audio.read_clip(path).samples) == samples
    assert audio.read_header(path).note == (
        f"its header states {more} bytes more than there are, as some recorders write it; read to its end"
    )


@pytest.mark.parametrize("less", [1000, 4096, 80_000])
def test_a_wav_that_states_too_little_is_not_read_in_part(tmp_path: Path, less: int) -> None:
    path = tmp_path / "x.wav"
    sized_wav(path, -less)
    with pytest.raises(CorpusError, match=rf"x\.wav: its header states .*{less} more follow"):
        audio.read_header(path)


def test_chunks_and_tags_behind_the_audio_are_no_audio(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    samples = sized_wav(path, 0)
    whole = path.read_bytes()
    for behind in (b"LIST\x04\0\0\0INFO", b"ID3\x04" + b"x" * 60, b"\0" * 500, b"bext\x02\0\0\0ab"):
        path.write_bytes(whole + behind)
        assert len(audio.read_clip(path).samples) == samples
        assert audio.read_header(path).note == ""


def test_audio_of_a_kind_that_is_not_read_is_said_to_be_that(tmp_path: Path) -> None:
    path = tmp_path / "x.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(range(200)))
    with pytest.raises(CorpusError, match=r"x\.m4a: \.m4a is no kind of audio that is read here; convert it"):
        audio.read_header(path)
