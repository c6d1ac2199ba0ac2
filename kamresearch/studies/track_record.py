"""Track record: what the study declares."""

from kamresearch.language import message as _
from kamresearch.studies.declaration import Study, StudyParams


class Params(StudyParams):
    """Parameters of the study: those that every study has."""


STUDY = Study(
    name="track_record",
    notebook="00_track_record",
    title=_("Track record"),
    question=_("What earlier versions said of the future, and how it came"),
    params=Params,
    prefix="record",
    looks_back=True,
    needs=("accounts", "orders"),
    wants=("churn_events",),
    sections=("probabilities", "numbers", "lists", "limits"),
    results=("kamresearch.analysis.record.TrackRecord",),
    decides=_("how far to trust what these reports say of the future"),
    answer=("record.n_due", "record.calibrated"),
)
