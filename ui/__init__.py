"""The graph in the browser (Streamlit)."""
