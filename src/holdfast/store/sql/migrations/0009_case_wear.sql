-- Wear: which gate decisions each case of a feature took part in, a case by the hash of its input.
CREATE TABLE case_wear (
    tenant TEXT NOT NULL,
    feature TEXT NOT NULL,
    case_key TEXT NOT NULL,
    decision TEXT NOT NULL,
    PRIMARY KEY (tenant, feature, case_key, decision)
);
