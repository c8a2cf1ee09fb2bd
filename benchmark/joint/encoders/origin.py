"""Where an encoder's weights come from: as its files say, unless they were never trained."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from benchmark.joint.encoders.contract import Origin

#: Networks as pretraining leaves them; every other head was added to learn from labels.
_SELF_SUPERVISED = frozenset({"WavLMModel", "HubertModel", "Wav2Vec2Model", "Wav2Vec2ForPreTraining"})
#: Where checkpoints keep heads that learn from labels: transcription, classification, speaker verification.
_LABELLED_HEADS = ("lm_head.", "aux.", "classifier.", "projector.", "tdnn.")


def stated_origin(architectures: Iterable[str], keys: Iterable[str]) -> Origin:
    """What a checkpoint says of itself.

    Args:
        architectures: Class names in its configuration ("HubertForCTC").
        keys: Names of weights in it that are not the encoder's.
    """
    labelled = any(key.startswith(_LABELLED_HEADS) for key in keys)
    return "self-supervised" if set(architectures) <= _SELF_SUPERVISED and not labelled else "supervised"


def never_learnt(network: nn.Module) -> bool:
    """Whether the weights were never trained: then all normalisations are still the identity.

    Learning moves them all a little, whatever the task; so random weights are recognised even if their file
    is said to be pretrained.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.LayerNorm | nn.GroupNorm)]
    return all(_identity(norm.weight, norm.bias) for norm in norms)


def _identity(weight: Tensor | None, bias: Tensor | None) -> bool:
    return (weight is None or bool((weight == 1).all())) and (bias is None or bool((bias == 0).all()))
