"""sdaasp_geo: access of inhabitants to the services of daily life."""
