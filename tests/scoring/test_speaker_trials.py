import pytest

from benchmark.errors import CorpusError
from benchmark.scoring.speaker_trials import TESTS, make_trials


def rows(speakers=8, sentences=8, prompt=lambda speaker, number: f"sentence {number}"):
    return [
        {
            "utterance_id": f"{'FM'[s % 2]}{s:02d}/U{u:03d}",
            "speaker": f"{'FM'[s % 2]}{s:02d}",
            "split": "test",
            "prompt": prompt(s, u),
        }
        for s in range(speakers)
        for u in range(sentences)
    ]


def sex(speaker):
    return speaker[0]


def trials(found=None, **kinds):
    return make_trials("toy", 1, found or rows(**kinds), sex)


def test_enrolments_are_three_other_sentences_of_the_speaker():
    prompts = {row["utterance_id"]: row["prompt"] for row in rows()}
    for trial in trials():
        assert {name.partition("/")[0] for name in trial.enrolled} == {trial.speaker}
        said = [prompts[name] for name in trial.enrolled]
        assert len(set(said)) == 3
        assert prompts[trial.test] not in said


def test_impostors_are_of_the_same_sex_and_never_the_speaker():
    for trial in trials():
        assert (trial.kind == "target") == (trial.tested == trial.speaker)
        assert sex(trial.tested) == sex(trial.speaker)


def test_a_matched_impostor_says_the_sentence_of_the_target_and_a_crossed_one_another():
    prompts = {row["utterance_id"]: row["prompt"] for row in rows()}
    target = {}
    for trial in trials():
        if trial.kind == "target":
            target = {"speaker": trial.speaker, "enrolled": trial.enrolled, "prompt": prompts[trial.test]}
            continue
        assert (trial.speaker, trial.enrolled) == (target["speaker"], target["enrolled"])
        assert (prompts[trial.test] == target["prompt"]) == (trial.kind == "matched")


def test_speakers_of_one_text_are_tested_on_the_same_sentences():
    found = trials(sentences=20)
    by_speaker = {
        name: {t.test.partition("/")[2] for t in found if t.speaker == name and t.kind == "target"}
        for name in {t.speaker for t in found}
    }
    assert len({frozenset(tests) for tests in by_speaker.values()}) == 1
    assert all(len(tests) == TESTS for tests in by_speaker.values())
    kinds = [trial.kind for trial in found]
    assert kinds.count("matched") == kinds.count("crossed") == 3 * kinds.count("target")


def test_where_everybody_says_something_else_no_impostor_is_matched():
    found = trials(prompt=lambda speaker, number: f"{speaker} says {number}")
    assert {trial.kind for trial in found} == {"target", "crossed"}


def test_the_order_of_rows_and_other_recordings_of_others_change_no_enrolment():
    assert trials() == trials(found=rows()[::-1])
    enrolments = {(t.speaker, t.test): t.enrolled for t in trials() if t.kind == "target"}
    more = {(t.speaker, t.test): t.enrolled for t in trials(speakers=12) if t.kind == "target"}
    assert more.items() >= enrolments.items()


@pytest.mark.parametrize(
    ("kinds", "why"),
    [
        ({"speakers": 6}, "6 of 6 can take part"),
        ({"sentences": 3}, "8 with fewer than 4 sentences"),
    ],
)
def test_too_few_speakers_give_no_number_but_the_reason(kinds, why):
    with pytest.raises(CorpusError, match="at least 8 speakers.*" + why):
        trials(**kinds)


def test_speakers_of_unknown_sex_do_not_take_part():
    with pytest.raises(CorpusError, match="8 whose sex is not known"):
        make_trials("toy", 1, rows(), lambda speaker: "")
