from .codec import DCT_METHOD as DCT_METHOD
from .layer import MODES as MODES
from .layer import JPEGEncoding as JPEGEncoding
from .modes import with_jpeg_mode as with_jpeg_mode
from .network import with_jpeg_layer as with_jpeg_layer
from .network import with_jpeg_network as with_jpeg_network
