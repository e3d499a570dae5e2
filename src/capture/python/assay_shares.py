"""Norms and shares of single examples, from the factors of a layer: no example's gradient is made where that can be
helped.

input: n × positions × d_in; gradient: n × positions × d_out; example i's gradient of the weight is
Σ_t gradient_it ⊗ input_it, and of the bias Σ_t gradient_it.  rules: by parameter ("weight", "bias"), see
assay_optimizer.
"""
import torch

CHUNK = 1 << 22  # elements of gradients that are made at a time


def wide(tensor):
    """Half precision is too coarse for sums of products."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _scaled_weight_norms(given, gradient, scale):
    """‖scale ∘ Σ_t gradient_t ⊗ input_t‖² where each element has a scale of its own."""
    scale = scale.reshape(gradient.shape[-1], given.shape[-1])
    if given.shape[1] == 1:
        return ((gradient[:, 0] ** 2 @ scale ** 2) * given[:, 0] ** 2).sum(1)
    step, norms = max(1, CHUNK // scale.numel()), []
    for first in range(0, len(given), step):
        made = torch.einsum("nto,nti->noi", gradient[first:first + step], given[first:first + step])
        norms.append((made * scale).pow(2).sum((1, 2)))
    return torch.cat(norms)


def _weight_norms(given, gradient):
    """‖Σ_t gradient_t ⊗ input_t‖² = Σ_tu (gradient_t · gradient_u)(input_t · input_u), or by making the gradients,
    where that takes fewer operations."""
    n, positions, d_in = given.shape
    d_out = gradient.shape[-1]
    if positions == 1:
        return gradient[:, 0].pow(2).sum(1) * given[:, 0].pow(2).sum(1)
    if positions * (d_in + d_out) <= d_in * d_out:
        return ((gradient @ gradient.transpose(1, 2)) * (given @ given.transpose(1, 2))).sum((1, 2)).clamp(min=0)
    step, norms = max(1, CHUNK // (d_in * d_out)), []
    for first in range(0, n, step):
        made = torch.einsum("nto,nti->noi", gradient[first:first + step], given[first:first + step])
        norms.append(made.pow(2).sum((1, 2)))
    return torch.cat(norms)


def dot(one, other):
    """The inner product of two tensors of one shape."""
    return float(torch.dot(wide(one).reshape(-1), wide(other).reshape(-1)))


def example_norms(given, gradient, rules):
    """‖rate · scale ∘ gradient‖ of each example over the layer's parameters; n."""
    given, gradient, squared = wide(given), wide(gradient), 0.0
    if "weight" in rules:
        rule = rules["weight"]
        if torch.is_tensor(rule.scale):
            squared = squared + rule.rate ** 2 * _scaled_weight_norms(given, gradient, rule.scale)
        else:
            squared = squared + (rule.rate * rule.scale) ** 2 * _weight_norms(given, gradient)
    if "bias" in rules:
        rule = rules["bias"]
        squared = squared + rule.rate ** 2 * (gradient.sum(1) * rule.scale).pow(2).sum(1)
    return squared.sqrt()


def example_shares(given, gradient, rules, changes):
    """⟨−rate · scale ∘ gradient, change⟩ of each example over the layer's parameters; n, f64."""
    given, gradient, shares = wide(given), wide(gradient), 0.0
    for own, rule in rules.items():
        towards, factor = wide(changes[own]), -rule.rate
        if torch.is_tensor(rule.scale):
            towards = towards * rule.scale
        else:
            factor *= rule.scale
        if own == "weight":
            towards = towards.reshape(gradient.shape[-1], given.shape[-1])
            shares = shares + ((gradient @ towards) * given).double().sum((1, 2)) * factor
        else:
            shares = shares + (gradient.double() @ towards.double()).sum(1) * factor
    return shares


def summed_gradient(own, given, gradient):
    """The raw gradient of a parameter, summed over the examples."""
    given, gradient = wide(given), wide(gradient)
    if own == "bias":
        return gradient.sum((0, 1))
    return gradient.flatten(0, 1).T @ given.flatten(0, 1)


def summed_magnitude(own, given, gradient, scale):
    """‖scale ∘ Σ |gradient_t| ⊗ |input_t|‖ or a bound of it: what rounding errors of the sum are relative to.  Terms
    that cancel count in full."""
    given, gradient = wide(given), wide(gradient)
    if torch.is_tensor(scale):
        return float((summed_gradient(own, given.abs(), gradient.abs()).reshape(scale.shape) * scale).norm())
    lengths = gradient.norm(dim=2)
    return abs(scale) * float((lengths if own == "bias" else lengths * given.norm(dim=2)).sum())
