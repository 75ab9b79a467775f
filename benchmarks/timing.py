"""What the benchmarks share: one thread, and how speeds are printed."""


def one_thread() -> None:
    """Lets TensorFlow compute on one thread; before its first operation."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def print_rates(seconds: dict[str, float], images: int, baseline: str) -> None:
    """Prints seconds and images per second of each piece of work, and its speed by another's."""
    width = max(map(len, seconds))
    for name, value in seconds.items():
        ratio = seconds[baseline] / value
        rate = images / value
        print(f"{name:{width}}  {value:7.2f} s  {rate:9,.0f} images/s  {ratio:5.2f}x", flush=True)
