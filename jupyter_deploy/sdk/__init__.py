"""Other SDKs' classes over :class:`jupyter_deploy.Workspace`: they translate, and keep nothing themselves."""
