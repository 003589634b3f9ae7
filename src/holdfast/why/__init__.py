"""Why a search did not give a document: the walk from source to prompt, and what would bring it in, tried.

Knows nothing of protocols, nor of how a project is built.
"""

from holdfast.why.posing import Asking as Asking
from holdfast.why.posing import Ground as Ground
from holdfast.why.walking import walk as walk
