def pytest_configure(config):
    config.addinivalue_line("markers", "short: of those that CI runs")
