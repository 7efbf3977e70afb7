CREATE TABLE meta (
	"key" VARCHAR NOT NULL, 
	value VARCHAR, 
	PRIMARY KEY ("key")
);
INSERT INTO meta VALUES('schema','3');
INSERT INTO meta VALUES('workspace','0123456789ab');
CREATE TABLE model_names (
	name VARCHAR NOT NULL, 
	last_version INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO model_names VALUES('price',1);
CREATE TABLE models (
	name VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	entry VARCHAR NOT NULL, 
	size BIGINT NOT NULL, 
	framework VARCHAR NOT NULL, 
	framework_version VARCHAR NOT NULL, 
	tags JSON NOT NULL, 
	properties JSON NOT NULL, 
	description VARCHAR NOT NULL, 
	run_id VARCHAR NOT NULL, 
	requirements JSON NOT NULL, 
	modules JSON NOT NULL, 
	created FLOAT NOT NULL, 
	PRIMARY KEY (name, version)
);
INSERT INTO models VALUES('price',1,'0193c332ac01ac5a60cac39fdb64dbd3a5e0379ad140a6d1f7475b9a33595b58','model.joblib',21,'Custom','','{"stage":"trial"}','{}','','','["joblib==1.6.0"]','[]',1780000000.5);
CREATE TABLE scripts (
	name VARCHAR NOT NULL, 
	source TEXT NOT NULL, 
	folder VARCHAR NOT NULL, 
	updated FLOAT NOT NULL, 
	origins JSON, 
	models JSON, 
	PRIMARY KEY (name)
);
INSERT INTO scripts VALUES('double',replace('# %%score_script double\nimport json\n\ndef run(data):\n    return [2*n for n in json.loads(data)]\n','\n',char(10)),'/home/ann',1780000000.5,'[]','[]');
CREATE TABLE services (
	name VARCHAR NOT NULL, 
	spec JSON NOT NULL, 
	bundle VARCHAR NOT NULL, 
	models JSON NOT NULL, 
	handle JSON NOT NULL, 
	desired VARCHAR NOT NULL, 
	created FLOAT NOT NULL, 
	updated FLOAT NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO services VALUES('double','{"name":"double","script":"double","script_is_file":false,"models":null,"target":"process","port":0,"environment":"","workers":2,"settings":{},"variables":{},"memory":0,"cpus":0.0,"image":{}}','1f83550770993c5a4b9d1975000071ac4bcee273cfdd9e50ffae3c3844862709','[]','{"pid":1,"born":"boot:1","port":46683,"environment":{"name":"kernel","python_version":"","requirements":[],"options":[],"constraints":[],"base_image":"","dockerfile":"","variables":{},"version":0,"notices":[]}}','stopped',1780000000.5,1780000000.5);
CREATE TABLE environments (
	name VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	content JSON NOT NULL, 
	digest VARCHAR NOT NULL, 
	created FLOAT NOT NULL, 
	PRIMARY KEY (name, version)
);
CREATE INDEX ix_models_digest ON models (digest);
CREATE INDEX newest_models ON models (created DESC, version DESC);
