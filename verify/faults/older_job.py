"""The job with the stages of older releases: what the fault upgrade-state starts from."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from jobs import fraud_detection
from verify.faults.older_card import OlderCardStage  # `flink run` knows this folder only
from verify.faults.older_stage import OlderMerchantStage

if __name__ == "__main__":
    fraud_detection.CardStage = OlderCardStage  # type: ignore[attr-defined]
    fraud_detection.MerchantStage = OlderMerchantStage  # type: ignore[attr-defined]
    fraud_detection.main(sys.argv[1:])
