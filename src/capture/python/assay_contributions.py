"""What each example of a step did to each layer of a PyTorch model, into the recorder, from the pass that trains it.

    from assay_contributions import Contributions

    tracer = Contributions(model, optimizer, recorder)
    for step, (index, x, y) in enumerate(loader):
        recorder.step_begin(step, learning_rate=0.1)
        optimizer.zero_grad()
        with tracer.batch(index) as batch:          # once per micro-batch; calls recorder.use
            losses = batch.losses(cross_entropy(model(x), y, reduction="none"))
            losses.mean().backward()
        with tracer.update():                       # clip=clip_factor(norm, max_norm) after clip_grad_norm_
            optimizer.step()
        recorder.step_end()

Example i's contribution to a parameter is −η · scale ∘ g_i, g_i being its part of the gradient that backward() summed:
however losses are weighted, that is what moved the parameter.  The optimizer's own parts (weight decay, momentum,
clipping) are recorded apart.  Together they are the change of the parameter, up to rounding; for Adam, which is not
linear in the examples, given the preconditioner of the step.  Parameters outside Linear and Conv2d layers are recorded
as groups that are not covered: their change, and the optimizer's parts.

Nothing here stops training unless the recorder was asked to raise.  Memory: the inputs and output gradients of a step's
batches, at most `limit_bytes`; beyond, the step's contributions are lost, which is recorded.
"""
import contextlib

import torch

from assay_layers import Refused, Watch, begin_batch, find_layers, join_calls, stated_weight
from assay_optimizer import clip_factor, rule_for
from assay_shares import dot, example_norms, example_shares, summed_gradient, summed_magnitude, wide

__all__ = ["Contributions", "clip_factor"]


class Group:
    """The parameters of one module, and their state before the step."""

    def __init__(self, name, module, optimizer, covered):
        self.name, self.covered, self.parameters = name, covered, {}
        for group in optimizer.param_groups:
            for own, parameter in module.named_parameters(recurse=False):
                if any(parameter is known for known in group["params"]):
                    self.parameters[own] = (parameter, group)
        self.n_parameter = sum(parameter.numel() for parameter, _ in self.parameters.values())
        self.before, self.rules = {}, {}

    def begin(self, optimizer, clip):
        active = {own: pair for own, pair in self.parameters.items() if pair[0].grad is not None}
        self.before = {own: parameter.detach().clone() for own, (parameter, _) in self.parameters.items()}
        self.rules = {own: rule_for(optimizer, group, parameter, clip) for own, (parameter, group) in active.items()}

    def finish(self, optimizer):
        """The change of each parameter; the rules then know their own parts."""
        changes = {own: parameter.detach() - self.before[own] for own, (parameter, _) in self.parameters.items()}
        for own, rule in self.rules.items():
            if rule is not None:
                rule.finish(optimizer.state.get(self.parameters[own][0], {}))
        return changes


class Contributions:
    """Traces the steps of one optimizer; the recorder's `step_begin` and `step_end` are the caller's."""

    def __init__(self, model, optimizer, recorder, *, layers=None, reduction="mean", data_parallel=1, check_every=1,
                 limit_bytes=1 << 30):
        """data_parallel: the number of processes over whose gradients the mean is taken.  check_every: steps between
        those whose residual |change − Σ contributions| is computed, for a matrix product per layer; 0: never."""
        self._optimizer, self._recorder, self._reduction = optimizer, recorder, reduction
        self._parallel, self._check_every, self._limit = data_parallel, check_every, limit_bytes
        self._groups, self._watch, self._error, self._n_step = [], None, None, 0
        self._held, self._bytes = [], 0  # (calls, n, loss_scale) of each batch of the step
        try:
            stated_weight(reduction, 1, 1, 1.0)
            self._open(model, optimizer, find_layers(model, layers))
        except Exception as error:  # pylint: disable=broad-except
            if recorder.raises:
                raise
            recorder.lost("contribution", f"no step will be traced: {type(error).__name__}: {error}")

    def _open(self, model, optimizer, found):
        for name, module in model.named_modules():
            group = Group(name or "(model)", module, optimizer, name in found)
            if group.parameters:
                self._groups.append(group)
                self._recorder.parameter_group(group.name, group.n_parameter, group.covered)
        self._watch = Watch(model, found, self._note)

    def _note(self, error):
        self._error = self._error or error

    @contextlib.contextmanager
    def batch(self, samples, *, weights=None, accumulate=1, loss_scale=1.0):
        """One forward and backward pass of these examples.  weights: of single losses, beside the mean or sum.
        accumulate, loss_scale: what the loss is divided by and multiplied with beside."""
        def weigh(n):
            weight = stated_weight(self._reduction, n, accumulate, loss_scale)
            return weight if weights is None else weight * torch.as_tensor(weights, dtype=torch.float64)
        batch, calls = begin_batch(self._watch, samples, weigh, self._note), {}
        try:
            yield batch
        finally:
            if self._watch is not None:
                calls = self._watch.end()
        self._recorder.use(batch.samples, batch.values, weights)
        if self._watch is None:
            return
        try:
            batch.check(needed=False)
            self._hold(calls, batch.n, loss_scale)
        except Exception as error:  # pylint: disable=broad-except
            self._note(error)

    def _hold(self, calls, n, loss_scale):
        self._bytes += sum(call.n_bytes() for made in calls.values() for call in made)
        if self._bytes > self._limit:
            raise Refused(f"the batches of a step need {self._bytes} bytes of inputs and gradients, {self._limit} at "
                          "most: raise limit_bytes, or name fewer layers")
        self._held.append((calls, n, loss_scale))

    @contextlib.contextmanager
    def update(self, clip=1.0):
        """The optimizer's step.  clip: what the gradients were multiplied with before (clip_factor)."""
        if self._watch is None:
            yield
            return
        began = False
        try:
            for group in self._groups:
                group.begin(self._optimizer, clip)
            began = True
        except Exception as error:  # pylint: disable=broad-except
            self._note(error)
        yield
        try:
            if self._error is not None or not began:
                raise self._error or RuntimeError("the step could not be traced")
            self._n_step += 1
            with torch.no_grad():
                for group in self._groups:
                    self._record(group)
        except Exception as error:  # pylint: disable=broad-except
            self._recorder.lost("contribution", f"{type(error).__name__}: {error}")
            if self._recorder.raises:
                raise
        finally:
            self._held, self._bytes, self._error = [], 0, None

    def _record(self, group):
        changes = group.finish(self._optimizer)
        squared = sum(dot(change, change) for change in changes.values())
        rules = group.rules
        known = bool(rules) and None not in rules.values() and squared > 0
        if group.parameters and any(rule is None for rule in rules.values()):
            raise Refused(f"{type(self._optimizer).__name__}: what it makes of a gradient is not known here; SGD, Adam "
                          "and AdamW are")
        norms = shares = residual = rounding = None
        if known and group.covered and self._held and self._was_seen(group):
            norms, shares = self._examples(group, changes, squared)
            if self._parallel == 1 and self._check_every and self._n_step % self._check_every == 0:
                residual, rounding = self._residual(group, changes)
        rates = [rule.rate for rule in rules.values() if rule is not None]
        self._recorder.contribution(group.name, norms, shares, delta_norm=squared ** 0.5, residual=residual,
                                    rounding=rounding, learning_rate=rates[0] if rates else None,
                                    conditional=any(rule.conditional for rule in rules.values() if rule is not None))
        if known:
            self._record_optimizer(group, changes, squared)

    def _was_seen(self, group):
        """A layer whose weight is used behind its back (as nn.MultiheadAttention does) has a gradient and no calls."""
        if any(calls[group.name] for calls, _, _ in self._held):
            return True
        gradients = [parameter.grad for parameter, _ in group.parameters.values()]
        if not any(gradient is not None and bool(gradient.any()) for gradient in gradients):
            return True
        self._recorder.lost("contribution", f"layer {group.name}: it has a gradient, but was not called as a layer is")
        return False

    def _factors(self, group):
        """Of each batch: input, gradient, and what the gradient is to be multiplied with."""
        for calls, n, loss_scale in self._held:
            if calls[group.name]:
                yield (*join_calls(group.name, calls[group.name], n), n, 1.0 / (loss_scale * self._parallel))
            else:
                yield None, None, n, 1.0

    def _examples(self, group, changes, squared):
        norms, shares = [], []
        for given, gradient, n, factor in self._factors(group):
            if given is None:  # no loss of this batch depends on the layer
                norms.append(torch.zeros(n))
                shares.append(torch.zeros(n, dtype=torch.float64))
                continue
            norms.append(example_norms(given, gradient, group.rules) * factor)
            shares.append(example_shares(given, gradient, group.rules, changes) * (factor / squared))
        return torch.cat(norms), torch.cat(shares)

    def _residual(self, group, changes):
        """|change − Σ contributions − the optimizer's parts|, and what rounding may make of it."""
        squared = rounding = 0.0
        for own, rule in group.rules.items():
            left, size = wide(changes[own]).clone(), dot(group.before[own], group.before[own]) ** 0.5
            for given, gradient, _, factor in self._factors(group):
                if given is not None:
                    summed = summed_gradient(own, given, gradient).reshape(left.shape)
                    if torch.is_tensor(rule.scale):
                        left.add_(summed * rule.scale, alpha=rule.rate * factor)
                    else:
                        left.add_(summed, alpha=rule.rate * factor * rule.scale)
                    size += summed_magnitude(own, given, gradient, rule.scale) * rule.rate * factor
            for part in rule.parts.values():
                left.sub_(part)
                size += dot(part, part) ** 0.5
            squared += dot(left, left)
            rounding += torch.finfo(changes[own].dtype).eps * size
        return squared ** 0.5, rounding

    def _record_optimizer(self, group, changes, squared):
        totals = {}
        for own, rule in group.rules.items():
            for kind, part in rule.parts.items():
                norm, share = totals.get(kind, (0.0, 0.0))
                totals[kind] = (norm + dot(part, part), share + dot(part, changes[own]))
        for kind, (norm, share) in totals.items():
            self._recorder.optimizer(group.name, kind, norm ** 0.5, share / squared)

    def remove(self):
        """Takes the hooks off the model."""
        if self._watch is not None:
            self._watch.remove()
