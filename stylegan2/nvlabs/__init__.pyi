from .load import NVlabsNetworks as NVlabsNetworks
from .load import load_nvlabs_pickle as load_nvlabs_pickle
