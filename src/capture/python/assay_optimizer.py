"""What an optimizer makes of a gradient: which part of a parameter's change is linear in it, and which is its own.

A rule is made before optimizer.step() for one parameter.  After it,
    change = −rate · Σ over the batch of (scale ∘ g) + Σ of its own parts,
where g is the raw gradient, before clipping, `scale` a number (SGD) or a tensor of the parameter's shape (Adam), and
the own parts are those of weight decay, momentum (the share of earlier steps) and clipping.
"""
import torch


class Rule:
    """What both have; `clip` is what the gradient was multiplied with before the step."""

    def __init__(self, group, parameter, clip):
        self.rate, self.scale, self.parts = float(group["lr"]), None, {}
        self._sign = -1.0 if group.get("maximize") else 1.0
        self._clipped = None if clip == 1.0 else parameter.grad.detach() * ((clip - 1.0) / clip)

    def finish(self, state):
        """After the step: what could not be said before, and clipping."""
        if self._clipped is not None:
            self.parts["clipping"] = self._clipped * self.scale * -self.rate


class Sgd(Rule):
    """SGD with momentum, dampening, Nesterov's momentum, weight decay; all linear.

    @source the documentation of torch.optim.SGD: v ← μ v + (1 − d) g, or g in the first step; θ ← θ − η (v or g + μ v)
    """

    conditional = False

    def __init__(self, group, parameter, state, clip):
        super().__init__(group, parameter, clip)
        momentum, nesterov = group["momentum"], group["nesterov"]
        buffer = state.get("momentum_buffer") if momentum else None
        into_buffer = 1.0 if buffer is None else 1.0 - group["dampening"]
        taken = (1.0 + momentum * into_buffer if nesterov else into_buffer) if momentum else 1.0
        self.scale = taken * self._sign
        if group["weight_decay"]:
            self.parts["weight_decay"] = parameter.detach() * (-self.rate * taken * group["weight_decay"])
        if buffer is not None:
            kept = momentum * momentum if nesterov else momentum
            self.parts["momentum"] = buffer.detach() * (-self.rate * kept)


class Adam(Rule):
    """Adam and AdamW: linear in the gradient only for the preconditioner 1 / (√v̂ + ε) that this step ended with.

    @source Kingma and Ba (2015); Loshchilov and Hutter (2019)"""

    conditional = True

    def __init__(self, group, parameter, state, clip, decoupled):
        super().__init__(group, parameter, clip)
        self._group, self._decoupled = group, decoupled
        self._before = parameter.detach().clone()
        self._buffer = state["exp_avg"].detach().clone() if "exp_avg" in state else None

    def finish(self, state):
        first, second = self._group["betas"]
        step = float(state["step"])
        moments = state["max_exp_avg_sq" if self._group.get("amsgrad") else "exp_avg_sq"]
        scale = 1.0 / ((moments / (1.0 - second ** step)).sqrt() + self._group["eps"]) / (1.0 - first ** step)
        decay = self._group["weight_decay"]
        self.scale = scale * ((1.0 - first) * self._sign)
        if decay:
            own = self._before if self._decoupled else self._before * scale * (1.0 - first)
            self.parts["weight_decay"] = own * (-self.rate * decay)
        if self._buffer is not None:
            self.parts["momentum"] = self._buffer * scale * (-self.rate * first)
        super().finish(state)


def rule_for(optimizer, group, parameter, clip):
    """The rule of a parameter in this step; None for an optimizer that is not known.  clip: what the gradient was
    multiplied with before the step."""
    state, kind = optimizer.state.get(parameter, {}), type(optimizer)  # what is derived from them may do anything
    if kind is torch.optim.SGD:
        return Sgd(group, parameter, state, clip)
    if kind in (torch.optim.Adam, torch.optim.AdamW):
        decoupled = kind is torch.optim.AdamW or group.get("decoupled_weight_decay", False)
        return Adam(group, parameter, state, clip, decoupled)
    return None


def clip_factor(total_norm, max_norm):
    """What torch.nn.utils.clip_grad_norm_ multiplies gradients with; total_norm is what it returns."""
    return min(1.0, float(max_norm) / (float(total_norm) + 1e-6))
