"""Which jobs a cluster is given: checked by a cluster of a few lines that runs them."""

from hypothesis import given
from hypothesis import strategies as st

from gan_knowledge_gaps.lab.executors.graph import Job, kept, last, needs
from gan_knowledge_gaps.lab.specs import GAN, Classifier, Snapshot, Spec, Truncated, in_order

G0, G1 = GAN(0, snapshots=2), GAN(1, family="stylegan2")
C0 = Classifier(0, [G0])
C1 = Classifier(1, [G0, G1])
FOOLER = GAN(7, fools=[C0], phi=1.0)


def test_each_value_comes_after_those_it_needs():
    assert needs(in_order([C1, FOOLER]), repr) == {
        repr(G0): [],
        repr(G1): [],
        repr(C1): [repr(G0), repr(G1)],
        repr(C0): [repr(G0)],
        repr(FOOLER): [repr(C0)],
    }


def test_what_is_trained_is_waited_for_no_more():
    # As the lab reports it: the first pool's GAN and its classifier are done.
    assert needs_of([C0, C1, FOOLER], done=[G0, C0]) == {
        G1: [],
        C1: [G1],
        FOOLER: [],
    }


def test_what_takes_no_training_has_no_job():
    half, cut = Snapshot(G0, 1), Truncated(G1, 0.5)
    classifier = Classifier(2, [half, cut, G0])
    graph = needs_of([classifier, Snapshot(G0, 2)], done=[])
    assert graph == {G0: [], G1: [], classifier: [G0, G1]}
    assert needs_of([classifier], done=[G0]) == {G1: [], classifier: [G1]}


def needs_of(specs: list[Spec], done: list[Spec]) -> dict[Spec, list[Spec]]:
    """The graph of `needs`, by value."""
    missing = [spec for spec in in_order(specs) if spec not in done]
    by_name = {spec.digest: spec for spec in in_order(specs)}
    graph = needs(missing, lambda spec: spec.digest)
    return {by_name[name]: [by_name[each] for each in names] for name, names in graph.items()}


def test_the_report_comes_after_the_last_ones():
    assert last({"a": [], "b": ["a"], "c": ["a"], "d": ["b"]}) == ["c", "d"]
    assert last({}) == []


# Jobs as they come to be: each needs some of those before it. Of each run, the cluster still has
# some, and finished or lost the others.
GRAPHS = st.integers(1, 8).flatmap(
    lambda count: st.tuples(
        *(
            st.sets(st.integers(0, index - 1), max_size=3) if index else st.just(set())
            for index in range(count)
        )
    )
)
FATES = st.lists(st.sampled_from(["done", "queued", "lost", "never"]), min_size=8, max_size=8)


@given(graph=GRAPHS, fates=FATES)
def test_after_queueing_again_all_is_trained_exactly_once(graph, fates):
    """The cluster: a queued job is trained once all it comes after are, and else cancelled."""
    numbers = {index: f"old-{index}" for index in range(len(graph))}
    fate = dict(enumerate(fates))
    for index, before in enumerate(graph):  # What was done came after what was done.
        if fate[index] == "done" and any(fate[each] != "done" for each in before):
            fate[index] = "queued"
    done = {index for index in numbers if fate[index] == "done"}
    missing = {
        str(index): [str(each) for each in sorted(before - done)]
        for index, before in enumerate(graph)
        if index not in done
    }
    queued = {
        str(index): Job(numbers[index], tuple(numbers[each] for each in graph[index]))
        for index in numbers
        if fate[index] == "queued"
    }
    good = kept(missing, queued)
    assert good.items() <= queued.items()
    cluster = dict(good)
    for name, before in missing.items():
        if name not in cluster:
            cluster[name] = Job(f"new-{name}", tuple(cluster[each].number for each in before))
    succeeded = {numbers[index] for index in done}
    for job in cluster.values():  # In order, as they were queued.
        assert set(job.after) <= succeeded, "this job never begins"
        succeeded.add(job.number)
    # Nothing that could go on was given up: its like is in the queue twice only if it can't begin.
    doomed = [queued[name] for name in queued if name not in good]
    alive = {job.number for job in good.values()} | {numbers[index] for index in done}
    assert all(not set(job.after) <= alive for job in doomed)


def test_a_job_after_a_cancelled_one_is_queued_again():
    needed = {"gan": [], "classifier": ["gan"]}
    queued = {"gan": Job("9"), "classifier": Job("5", after=("4",))}
    assert kept(needed, queued) == {"gan": Job("9")}
