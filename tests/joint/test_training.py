from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.errors import ModelError
from benchmark.joint import checkpoint
from benchmark.joint.config import JointConfig, TrainingConfig
from benchmark.joint.curve import draw_curve
from benchmark.joint.encoders.small import SmallEncoder
from benchmark.joint.pretraining import MaskedPrediction
from benchmark.joint.tasks import PretrainingTask
from benchmark.joint.training import Training, optimiser_of, set_rate
from tests.joint.runs import data_of, model_of, same, tiny_config, training_of, weights_of

pytestmark = pytest.mark.usefixtures("one_thread")

ALL_NEW = {"training": {"optimiser": "muon"}, "inverter": {"hears": "enhanced"}}


@pytest.mark.parametrize("extra", [{}, ALL_NEW], ids=["plain", "muon, listening again"])
def test_a_run_that_was_taken_up_again_ends_with_the_same_weights(training_corpus, tmp_path, extra):
    config = tiny_config(**extra)
    whole = training_of(training_corpus, config, tmp_path / "whole")
    whole.train()

    once = {**extra, "training": {**extra.get("training", {}), "epochs": 1}}
    first = training_of(training_corpus, tiny_config(**once), tmp_path / "parts")
    first.train()
    torch.rand(100)  # what happens to torch's own generator in between does not matter
    second = training_of(training_corpus, config, tmp_path / "parts")
    assert second.resume()
    assert second.progressed.epochs == 1
    second.train()
    assert same(weights_of(whole), weights_of(second))
    assert [{**row, "seconds": 0} for row in whole.progressed.history] == [
        {**row, "seconds": 0} for row in second.progressed.history
    ]


class InterruptionError(Exception):
    pass


@pytest.mark.parametrize("step", [0, 2, 4, 5])
def test_an_epoch_that_was_begun_is_trained_again_from_its_start(training_corpus, tmp_path, step):
    config = tiny_config(training={"epochs": 2})
    whole = training_of(training_corpus, config, tmp_path / "whole")
    whole.train()
    seen = 0

    def stopping(items, total, what):
        nonlocal seen
        for item in items:
            if seen == step:
                raise InterruptionError
            seen += 1
            yield item

    broken = training_of(training_corpus, config, tmp_path / "parts", progress=stopping)
    steps = sum(len(data_of(training_corpus, config).plan(epoch)) for epoch in range(2))
    if step < steps:
        with pytest.raises(InterruptionError):
            broken.train()
    again = training_of(training_corpus, config, tmp_path / "parts")
    again.resume()
    again.train()
    assert same(weights_of(whole), weights_of(again))


def test_another_seed_gives_other_weights(training_corpus, tmp_path):
    runs = []
    for seed in (1, 2):
        runs.append(
            training_of(
                training_corpus, tiny_config(training={"epochs": 1, "seed": seed}), tmp_path / str(seed)
            )
        )
        runs[-1].train()
    assert not same(weights_of(runs[0]), weights_of(runs[1]))


def test_it_learns(training_corpus, tmp_path):
    config = tiny_config(
        enhances=False,
        data={"kinds": ["clean"], "crop_s": None},
        training={"epochs": 25, "early_stop": None, "learning_rate": 1e-2},
    )
    training = training_of(training_corpus, config, tmp_path)
    training.train()
    losses = [row["loss"] for row in training.progressed.history]
    correlation = [row["correlation"] for row in training.progressed.history]
    assert np.mean(losses[-3:]) < np.mean(losses[:3])
    assert np.mean(correlation[-3:]) > np.mean(correlation[:3]) + 0.1


class Spoilt:
    """Data in which one recording of one batch holds NaN."""

    def __init__(self, data, epoch, number):
        self._data, self._epoch, self._number = data, epoch, number
        self.dev_batches = data.dev_batches

    def plan(self, epoch, count=1):
        return self._data.plan(epoch, count)

    def batches(self, epoch, rank=0, count=1):
        for number, batch in enumerate(self._data.batches(epoch, rank, count)):
            if (epoch, number) == (self._epoch, self._number):
                noisy = batch.noisy.clone()
                noisy[0, 100] = float("nan")
                yield replace(batch, noisy=noisy)
                return
            yield batch


def test_a_loss_that_is_not_a_number_stops_and_names_the_recordings(training_corpus, tmp_path):
    config = tiny_config(training={"batch_s": 1.0})
    data = data_of(training_corpus, config)
    bad = data.plan(1)[2]
    training = training_of(training_corpus, config, tmp_path, Spoilt(data, 1, 2))
    with pytest.raises(ModelError, match="the loss became nan at epoch 2, batch 3") as caught:
        training.train()
    assert all(piece.row["mixture_id"] in str(caught.value) for piece in bad)
    # The checkpoint of the epoch before is whole and can be gone on from.
    sound = training_of(training_corpus, config, tmp_path)
    assert sound.resume()
    assert sound.progressed.epochs == 1
    assert all(value.isfinite().all() for value in sound.model.state_dict().values())
    sound.train()
    reference = training_of(training_corpus, config, tmp_path / "whole")
    reference.train()
    assert same(weights_of(sound), weights_of(reference))


def test_a_gradient_that_is_not_a_number_stops_before_it_reaches_the_weights(training_corpus, tmp_path):
    config = tiny_config()
    training = training_of(training_corpus, config, tmp_path)
    before = weights_of(training)
    parameter = next(training.model.parameters())
    parameter.register_hook(lambda gradient: gradient * float("inf"))
    with pytest.raises(
        ModelError, match=r"the gradient became (nan|inf) at epoch 1, batch 1 .*no epoch was finished"
    ):
        training.train()
    assert same(before, weights_of(training))


def test_training_ends_when_nothing_gets_better(training_corpus, tmp_path):
    config = tiny_config(
        training={"epochs": 50, "early_stop": 2, "learning_rate": 1e-12, "warmup": 0, "schedule": "constant"}
    )
    training = training_of(training_corpus, config, tmp_path)
    scores = iter([0.5, 0.7, 0.6, 0.7, 0.9])
    training._task.scores = lambda batches, device: {"ppmc": next(scores), "loss": 1.0}
    training.train()
    assert training.progressed.epochs == 4  # 0.7 again is not better
    assert (training.progressed.best_epoch, training.progressed.best_score) == (2, 0.7)
    # Nor does it go on when it is resumed.
    again = training_of(training_corpus, config, tmp_path)
    again.resume()
    again.train()
    assert again.progressed.epochs == 4


def test_the_best_weights_are_those_of_the_best_epoch(training_corpus, tmp_path):
    config = tiny_config(training={"early_stop": None})
    training = training_of(training_corpus, config, tmp_path)
    weights, values = [], iter([0.1, 0.9, 0.3])

    def scores(batches, device):
        weights.append(weights_of(training))
        return {"ppmc": next(values), "loss": 1.0}

    training._task.scores = scores
    training.train()
    best = checkpoint.best_weights(tmp_path)
    assert same(best, weights[1])
    assert not same(best, weights[2])


@pytest.mark.parametrize(("watch", "best"), [("ppmc", 2), ("si_sdr", 3), ("loss", 1)])
def test_what_better_means_can_be_chosen(training_corpus, tmp_path, watch, best):
    training = training_of(training_corpus, tiny_config(training={"watch": watch}), tmp_path)
    rows = iter(
        [
            {"ppmc": 0.1, "si_sdr_db": 3.0, "loss": 0.1},
            {"ppmc": 0.9, "si_sdr_db": 2.0, "loss": 0.5},
            {"ppmc": 0.2, "si_sdr_db": 9.0, "loss": 0.3},
        ]
    )
    training._task.scores = lambda batches, device: next(rows)
    training.train()
    assert training.progressed.best_epoch == best


def test_the_dev_score_is_the_mean_over_recordings_of_correlation_and_si_sdr(training_corpus, tmp_path):
    config = tiny_config()
    training = training_of(training_corpus, config, tmp_path)
    batches = data_of(training_corpus, config).dev_batches
    found = training._task.scores(batches, torch.device("cpu"))
    correlations, ratios = [], []
    training.model.eval()
    for batch in batches:
        for i, length in enumerate(batch.lengths.tolist()):
            # One at a time and without padding: neither neighbours nor padding may matter.
            with torch.no_grad():
                output = training.model(batch.noisy[i : i + 1, :length], batch.lengths[i : i + 1])
            values, valid = batch.targets[i].numpy(), batch.valid[i].numpy()
            frames = output.trajectories.shape[1]
            estimate = output.trajectories[0].numpy()
            correlations.append(
                np.mean(
                    [
                        np.corrcoef(estimate[valid[:frames, k], k], values[:frames][valid[:frames, k], k])[
                            0, 1
                        ]
                        for k in range(values.shape[1])
                    ]
                )
            )
            clean = batch.clean[i, :length].double().numpy()
            heard = output.enhanced[0].double().numpy()
            clean, heard = clean - clean.mean(), heard - heard.mean()
            target = (heard @ clean) / (clean @ clean) * clean
            signal, noise = target @ target, (heard - target) @ (heard - target)
            ratios.append(10 * np.log10(signal / (noise + 1e-4 * signal)))  # 40 dB is the limit
    assert found["ppmc"] == pytest.approx(np.mean(correlations), abs=1e-3)
    assert found["si_sdr_db"] == pytest.approx(np.mean(ratios), abs=0.01)


def test_the_log_has_one_row_for_each_epoch(training_corpus, tmp_path):
    training = training_of(training_corpus, tiny_config(), tmp_path)
    training.train()
    with (tmp_path / "log.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    wanted = {
        "loss",
        "si_sdr_db",
        "stft",
        "correlation",
        "rmse",
        "dev_loss",
        "dev_ppmc",
        "dev_si_sdr_db",
        "learning_rate",
    }
    assert wanted <= rows[0].keys()
    state = json.loads((tmp_path / "checkpoint" / "state.json").read_text())
    assert state["progressed"]["history"] == training.progressed.history


def test_the_learning_curve_is_a_picture(training_corpus, tmp_path):
    history = [
        {"epoch": epoch, "loss": 1 / epoch, "dev_loss": 1.1 / epoch, "dev_ppmc": 0.1 * epoch}
        for epoch in (1, 2, 3)
    ]
    draw_curve(tmp_path, history, 2, "a run")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "curve.png").stat().st_size > 5000


def test_masked_prediction_goes_through_the_same_loop(training_corpus, tmp_path):
    config = JointConfig.model_validate(
        {
            "name": "minute_pretrain",
            "task": "pretraining",
            "encoder": {"layers": 1, "width": 16},
            "data": {"crop_s": 1.0},
            "training": {"epochs": 2, "batch_s": 2.0, "warmup": 2, "learning_rate": 3e-3},
        }
    )
    runs = []
    for name, epochs in (("whole", [2]), ("parts", [1, 2])):
        for wanted in epochs:
            torch.manual_seed(1)
            task = PretrainingTask(MaskedPrediction(SmallEncoder(1, 16, 0.1)))
            part = config.model_copy(
                update={"training": config.training.model_copy(update={"epochs": wanted})}
            )
            run = Training(
                task, data_of(training_corpus, part), part, tmp_path / name, device=torch.device("cpu")
            )
            run.resume()
            run.train()
        runs.append(run)
    assert same(weights_of(runs[0]), weights_of(runs[1]))
    assert 5.0 < runs[0].progressed.history[-1]["dev_loss"] < 8.0


def test_the_encoder_may_have_a_rate_of_its_own_and_frozen_parts_have_none(training_corpus):
    config = tiny_config()
    model = model_of(training_corpus, config)
    model.encoder.blocks.requires_grad_(False)
    rates = TrainingConfig(learning_rate=1e-3, encoder_learning_rate=1e-5, weight_decay=0.1)
    optimiser = optimiser_of(model, rates)
    of = {id(p): group for group in optimiser.param_groups for p in group["params"]}
    for name, parameter in model.named_parameters():
        if name.startswith("encoder.blocks"):
            assert id(parameter) not in of
            continue
        group = of[id(parameter)]
        assert group["lr"] == (1e-5 if name.startswith("encoder.") else 1e-3)
        assert group["weight_decay"] == (0.1 if parameter.ndim > 1 else 0.0)
    assert set_rate(optimiser, 0.5) == 5e-4


def test_muon_changes_the_matrices_of_blocks_and_adamw_the_rest(training_corpus):
    model = model_of(training_corpus, tiny_config())
    rates = TrainingConfig(optimiser="muon", learning_rate=1e-3, encoder_learning_rate=1e-4)
    optimiser = optimiser_of(model, rates)
    of = {id(p): group for group in optimiser.param_groups for p in group["params"]}
    assert len(of) == len(list(model.parameters()))
    rates = {name: of[id(parameter)]["lr"] for name, parameter in model.named_parameters()}
    for name, rate in {
        "encoder.blocks.0.0.mix.weight": 0.002,
        "encoder.blocks.0.1.out.weight": 0.002,
        "encoder.blocks.0.1.out.bias": 1e-4,
        "encoder.front.into.weight": 1e-4,
        "inverter.blocks.0.gate.weight": 0.02,
        "inverter.blocks.0.depthwise.weight": 1e-3,
        "inverter.heads.tract.weight": 1e-3,
        "enhancer.blocks.0.mix.weight": 0.02,
        "enhancer.gains.weight": 1e-3,
    }.items():
        assert rates[name] == pytest.approx(rate), name
    set_rate(optimiser, 0.0)
    before = weights_copied(model)
    step_once(model, optimiser)
    assert same(before, dict(model.named_parameters()))
    set_rate(optimiser, 1.0)
    step_once(model, optimiser)
    assert not any(torch.equal(before[name], parameter) for name, parameter in model.named_parameters())


def weights_copied(model):
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def step_once(model, optimiser):
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    optimiser.step()


def test_frozen_weights_stay_bit_for_bit(training_corpus, tmp_path):
    training = training_of(training_corpus, tiny_config(training={"epochs": 1}), tmp_path)
    training.model.encoder.requires_grad_(False)
    frozen = Training(
        training._task,
        data_of(training_corpus, tiny_config()),
        tiny_config(training={"epochs": 1}),
        tmp_path,
        device=torch.device("cpu"),
    )
    before = weights_of(frozen)
    frozen.train()
    after = weights_of(frozen)
    assert all(torch.equal(after[key], before[key]) for key in before if key.startswith("encoder."))
    assert not same(before, after)
