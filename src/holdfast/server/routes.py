"""All declared routes together, and the document that describes them.

Knows each group of routes by name, and nothing of what they do.
"""

from __future__ import annotations

from fastapi import FastAPI
from msgspec import Struct

from holdfast.server.cases import CASE_STRUCTS, declare_cases
from holdfast.server.certificates import CERTIFICATE_STRUCTS, declare_certificates
from holdfast.server.corpora import CORPUS_STRUCTS, declare_corpora
from holdfast.server.corpus_documents import DOCUMENT_STRUCTS, declare_documents
from holdfast.server.declared import STRUCTS, Declared, declare
from holdfast.server.diagnoses import DIAGNOSIS_STRUCTS, DiagnosisRoutes, add_diagnosis_routes
from holdfast.server.dialects.described import DIALECT_STRUCTS
from holdfast.server.evaluations import EVALUATION_STRUCTS, declare_evaluations
from holdfast.server.findings import FINDING_STRUCTS, declare_findings
from holdfast.server.flight import Flight
from holdfast.server.gates import GATE_STRUCTS, declare_gates
from holdfast.server.jobs import JOB_STRUCTS, JobRoutes, add_job_routes
from holdfast.server.meter import Meter
from holdfast.server.needs import Project
from holdfast.server.openapi import document
from holdfast.server.trials import TRIAL_STRUCTS, TrialRoutes, add_trial_routes
from holdfast.server.webhooks import WebhookMessage, declare_webhooks


def declared_routes(
    project: Project, flight: Flight, meter: Meter, *, metrics: bool, prefix: str = ""
) -> tuple[FastAPI, bytes]:
    """The routes over a project, and their OpenAPI document as JSON, each feature included, all below `prefix`."""
    api = declare(Declared(project, flight, meter), metrics=metrics)
    declare_evaluations(api, project)
    declare_gates(api, project)
    declare_certificates(api, project)
    declare_cases(api, project)
    declare_corpora(api, project)
    declare_documents(api, project)
    declare_webhooks(api, project)
    jobs = JobRoutes(project)
    add_job_routes(api, jobs)
    add_trial_routes(api, TrialRoutes(project, jobs))
    add_diagnosis_routes(api, DiagnosisRoutes(project, jobs))
    declare_findings(api, project)
    heard: tuple[type[Struct], ...] = (WebhookMessage,)
    judged = (*EVALUATION_STRUCTS, *GATE_STRUCTS, *CERTIFICATE_STRUCTS, *CASE_STRUCTS)
    found = (*DIAGNOSIS_STRUCTS, *FINDING_STRUCTS)
    corpora = (*CORPUS_STRUCTS, *DOCUMENT_STRUCTS)
    structs = (*STRUCTS, *judged, *found, *corpora, *JOB_STRUCTS, *TRIAL_STRUCTS, *DIALECT_STRUCTS, *heard)
    return api, document(api, structs, project.features.values(), prefix)
