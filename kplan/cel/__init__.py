"""CEL, the expression language of custom resources and admission policies."""
