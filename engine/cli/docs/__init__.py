"""Pages and editor schemas that are made from the rules.

For readers of the rules and for their editors. Text goes out as a value; only the
command writes files. Knows nothing of runs, ledgers or HTTP.
"""
