"""The transfer protocol judged on the real code, in one process, by seeded schedules.

A schedule is one seed: documents between two simulated systems, people and another
integration who act at any step, faults of the network, clocks that jump, crashes between
any two commits. What happened is judged from the simulators' journals and the text of
the transfer log alone (``checker``), never from the ledger's tables.

    python -m tests.harness campaign --schedules 1000 --seed 1 [--runners 2]
    python -m tests.harness replay 4711 [--runners 2] [--without F2]
    python -m tests.harness variants --schedules 300
"""
