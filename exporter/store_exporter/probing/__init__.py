"""Running probes and collectors on a schedule and recording what they find.

    scheduler   when each job runs, by `timetable`
    runner      one run of one job: `access` to its store, `driver` for its plan
    transport   one HTTP exchange, of those that `http` allows a run
    results     what a run ended with: its result, the metrics and the health that follow
    state       what is remembered of stores, and which process watches which

Only `results.recording` writes metrics.
"""
