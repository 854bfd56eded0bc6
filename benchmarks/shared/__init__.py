"""What every benchmark needs: processes, what they use, payloads, reports."""
