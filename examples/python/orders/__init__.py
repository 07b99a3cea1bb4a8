"""An application of the Workflow SDK for Python on a Worldwire World."""
