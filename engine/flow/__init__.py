"""A document through the slots of its flow: exactly one in the target, or a reason.

    companies   whose run, under whose lock      services   clock, secrets, systems
    run         one company, one flow            ending     exception -> outcome
    listing     which documents, whose, due?     parts, vanished, ownership
    transfer    one document, step by step       looks      what stands there now
    steps       one executor                     access, planning, offline: its readers

May import every room but ``cli``. Knows no command line, no vendor and none of a
vendor's shapes: what is asked, sent and compared stands in YAML.
"""
