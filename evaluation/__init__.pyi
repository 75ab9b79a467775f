from .config import METRICS as METRICS
from .config import EvaluationConfig as EvaluationConfig
from .evaluator import Evaluator as Evaluator
from .extractors import open_extractor as open_extractor
from .reference import ReferenceImages as ReferenceImages
from .reference import open_reference as open_reference
from .sampler import Sampler as Sampler
from .score import Score as Score
