"""What names, labels, keys and ports may look like, in the API server's words.

Functions named `is_…` give the list of what is wrong with a value: empty where nothing is. Those that take a
field path yield field errors (addresses: `kplan.api.addresses`). Upstream has two generations of length errors: "characters" in the older one, "bytes" in
the newer one (label keys and values, and `short_name`, `long_name` of declarative validation).
"""

from __future__ import annotations

from kplan.api.names.dns import (
    is_dns1035_label,
    is_dns1123_label,
    is_dns1123_subdomain,
    is_dns1123_subdomain_with_underscore,
    is_domain_prefixed_path,
    is_fully_qualified_domain_name,
    is_fully_qualified_name,
    is_wildcard_dns1123_subdomain,
    long_name,
    long_name_caseless,
    short_name,
)
from kplan.api.names.labels import (
    is_domain_prefixed_key,
    is_label_key,
    is_label_value,
    is_qualified_name,
)
from kplan.api.names.objects import (
    NameRule,
    is_path_segment_name,
    is_path_segment_prefix,
    mask_trailing_dash,
    name_is_dns1035_label,
    name_is_dns_label,
    name_is_dns_subdomain,
    name_is_path_segment,
)
from kplan.api.names.values import (
    is_c_identifier,
    is_config_map_key,
    is_decimal_integer,
    is_env_var_name,
    is_http_header_name,
    is_in_range,
    is_relaxed_env_var_name,
    is_uuid,
    is_valid_percent,
    is_valid_port_name,
    is_valid_port_num,
    is_valid_user_id,
)
from kplan.api.names.words import (
    inclusive_range_error,
    max_len_error,
    regex_error,
    size,
)

__all__ = [
    "NameRule",
    "inclusive_range_error",
    "is_c_identifier",
    "is_config_map_key",
    "is_decimal_integer",
    "is_dns1035_label",
    "is_dns1123_label",
    "is_dns1123_subdomain",
    "is_dns1123_subdomain_with_underscore",
    "is_domain_prefixed_key",
    "is_domain_prefixed_path",
    "is_env_var_name",
    "is_fully_qualified_domain_name",
    "is_fully_qualified_name",
    "is_http_header_name",
    "is_in_range",
    "is_label_key",
    "is_label_value",
    "is_path_segment_name",
    "is_path_segment_prefix",
    "is_qualified_name",
    "is_relaxed_env_var_name",
    "is_uuid",
    "is_valid_percent",
    "is_valid_port_name",
    "is_valid_port_num",
    "is_valid_user_id",
    "is_wildcard_dns1123_subdomain",
    "long_name",
    "long_name_caseless",
    "mask_trailing_dash",
    "max_len_error",
    "name_is_dns1035_label",
    "name_is_dns_label",
    "name_is_dns_subdomain",
    "name_is_path_segment",
    "regex_error",
    "short_name",
    "size",
]
