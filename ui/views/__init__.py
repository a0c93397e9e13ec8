"""The pages, one module each, with one public function `render`."""
