"""Measure against data with known answers: ``cost``, ``decomposition``, ``guard``, ``routing``, ``sandbox``, ``tools``.

An evaluation asks what a run asks: it offers a pipeline that stops after the step that is measured, and the operator's
plugins answer. It has no table, switch or artefact of its own, and hands no gold field to them.
"""

from __future__ import annotations

from genesis_core import Offer, hookimpl

genesis_api = 1


@hookimpl
def genesis_provide() -> list[Offer]:
    """Offer the evaluations by name, and the pipeline that they run through."""
    from ._pipeline import PIPELINE, pipeline
    from .cost import Costing
    from .decomposition import Decomposing
    from .guard import Guarding
    from .routing import Routing
    from .sandbox import Sandboxing
    from .tools import Toolmaking

    return [
        Offer("pipeline", PIPELINE, pipeline, "One step of planning, for evaluations."),
        Offer("evaluation", "cost", Costing(), "Questions to a strong or a weak model: --data FILE --freeze DEV"),
        Offer("evaluation", "decomposition", Decomposing(), "Requests into tool graphs: --data FILE --tools DIR"),
        Offer("evaluation", "guard", Guarding(), "Attacks and harmless texts: --data FILE"),
        Offer("evaluation", "routing", Routing(), "Task statements to agents: --data FILE"),
        Offer("evaluation", "sandbox", Sandboxing(), "Attack programs and benign ones: --programs DIR"),
        Offer("evaluation", "tools", Toolmaking(), "Examples into tools: --data FILE"),
    ]
