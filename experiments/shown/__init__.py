"""How each experiment is shown: who is shown what, its titles, its sentence, the paper's numbers.

The module of a script has its name, and a function `shape(experiment) -> Matrix | Curve`.

sequence  what iterations and memoryless have in common
fooling   the same of coefficient_sweep, cross_architecture, multiple_classifiers, mutual_fooling
"""
