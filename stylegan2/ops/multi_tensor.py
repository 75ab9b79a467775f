"""Updates of all variables of a network in one operation each.

A small network has many small variables: an operation for each takes longer to start than to
compute. The custom operations are for CPUs; where TensorFlow sees GPUs, the plain ones take over.
"""

from collections.abc import Sequence

import tensorflow as tf

from gan_knowledge_gaps.training.native import library


def adam_update(
    updates: tf.Variable,
    variables: Sequence[tf.Variable],
    first: Sequence[tf.Variable],
    second: Sequence[tf.Variable],
    gradients: Sequence[tf.Tensor],
    *,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    implementation: str = "auto",
) -> tf.Tensor:
    """Updates all variables with Adam, or none of them where a gradient is not finite.

    The implementations' numbers are the same up to rounding.

    Args:
        updates: how many updates were made, an int64 scalar; counts on.
        variables: float32.
        first: the first moment of each.
        second: the second moment of each.
        gradients: of each, float32.
        learning_rate: step size.
        beta_1: decay of the first moments.
        beta_2: decay of the second moments.
        epsilon: added to the roots of the second moments.
        implementation: "auto", "custom" or "tensorflow"; see `training.native`.

    Returns:
        Whether all gradients are finite, so that the update was made: a boolean scalar.
    """
    numbers = {
        "learning_rate": learning_rate, "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon,
    }  # fmt: skip
    module = library.load_for_cpu(implementation)
    if module is None:
        return _plain_adam(updates, variables, first, second, gradients, **numbers)
    return module.gaps_adam(
        updates=updates.handle,
        variables=_handles(variables),
        first=_handles(first),
        second=_handles(second),
        gradients=list(gradients),
        **numbers,
    )


def _plain_adam(
    updates, variables, first, second, gradients, learning_rate, beta_1, beta_2, epsilon
):
    finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(each)) for each in gradients])
    # By numbers that leave everything as it is, not by a branch, for which the host would wait.
    count = updates.assign_add(tf.cast(finite, tf.int64), read_value=True)
    count = tf.cast(tf.maximum(count, 1), tf.float32)
    numbers = {
        "lr": tf.where(finite, learning_rate, 0.0),
        "beta1": tf.where(finite, beta_1, 1.0),
        "beta2": tf.where(finite, beta_2, 1.0),
        "beta1_power": beta_1**count,
        "beta2_power": beta_2**count,
        "epsilon": epsilon,
    }
    for variable, m, v, gradient in zip(variables, first, second, gradients, strict=True):
        gradient = tf.where(finite, gradient, 0.0)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle, m=m.handle, v=v.handle, grad=gradient, **numbers
        )
    return finite


def move_averages(
    averages: Sequence[tf.Variable],
    currents: Sequence[tf.Variable],
    betas: Sequence[float],
    implementation: str = "auto",
) -> None:
    """Assigns `current + (average - current) * beta` to each average.

    Args:
        averages: float32.
        currents: what they are averages of.
        betas: the decay of each; 0 copies.
        implementation: "auto", "custom" or "tensorflow"; see `training.native`.
    """
    module = library.load_for_cpu(implementation)
    if module is not None:
        module.gaps_move_averages(
            averages=_handles(averages), currents=_handles(currents), betas=list(betas)
        )
        return
    for average, current, beta in zip(averages, currents, betas, strict=True):
        # Read as tensors: under a strategy, sums of its variables want a replica's context.
        now = tf.raw_ops.ReadVariableOp(resource=current.handle, dtype=tf.float32)
        before = tf.raw_ops.ReadVariableOp(resource=average.handle, dtype=tf.float32)
        moved = now + (before - now) * beta if beta else now
        tf.raw_ops.AssignVariableOp(resource=average.handle, value=moved)


def _handles(variables: Sequence[tf.Variable]) -> list[tf.Tensor]:
    return [variable.handle for variable in variables]
